import { forkingMethods } from './helpers/scenarios.js';
import { choosing } from './themes/choosing.js';
import { contexts } from './themes/contexts.js';

choosing();
for (const method of forkingMethods) contexts(method);
