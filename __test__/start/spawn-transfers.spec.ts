import { transfers } from './themes/transfers.js';

transfers('spawn');
