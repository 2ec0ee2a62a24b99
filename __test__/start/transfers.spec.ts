import { forkingMethods } from './helpers/scenarios.js';
import { transfers } from './themes/transfers.js';

// With fork nothing of this takes place.
for (const method of forkingMethods) if (method !== 'fork') transfers(method);
