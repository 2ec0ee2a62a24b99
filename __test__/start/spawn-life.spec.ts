import { life } from './themes/life.js';

life('spawn');
