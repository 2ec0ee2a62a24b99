import { forkingMethods } from './helpers/scenarios.js';
import { guards } from './themes/guards.js';

// With fork nothing is imported.
for (const method of forkingMethods) if (method !== 'fork') guards(method);
