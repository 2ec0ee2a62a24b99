import { forkingMethods } from './helpers/scenarios.js';
import { life } from './themes/life.js';

for (const method of forkingMethods) life(method);
