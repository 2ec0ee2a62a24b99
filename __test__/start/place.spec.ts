import { forkingMethods } from './helpers/scenarios.js';
import { place } from './themes/place.js';

for (const method of forkingMethods) place(method);
