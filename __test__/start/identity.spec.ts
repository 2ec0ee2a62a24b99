import { forkingMethods } from './helpers/scenarios.js';
import { identity } from './themes/identity.js';

for (const method of forkingMethods) identity(method);
