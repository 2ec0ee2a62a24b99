import { mainModules } from './themes/mains.js';

mainModules('spawn');
