import { forkingMethods } from './helpers/scenarios.js';
import { stdio } from './themes/stdio.js';

for (const method of forkingMethods) stdio(method);
