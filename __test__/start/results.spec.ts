import { forkingMethods } from './helpers/scenarios.js';
import { results } from './themes/results.js';

for (const method of forkingMethods) results(method);
