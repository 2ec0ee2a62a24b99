import { forkingMethods } from './helpers/scenarios.js';
import { daemon } from './themes/daemon.js';

for (const method of forkingMethods) daemon(method);
