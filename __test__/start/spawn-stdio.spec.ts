import { stdio } from './themes/stdio.js';

stdio('spawn');
