import { calls } from './themes/calls.js';

calls('spawn');
