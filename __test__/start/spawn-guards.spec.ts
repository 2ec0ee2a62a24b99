import { guards } from './themes/guards.js';

guards('spawn');
