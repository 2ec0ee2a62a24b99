import { daemon } from './themes/daemon.js';

daemon('spawn');
