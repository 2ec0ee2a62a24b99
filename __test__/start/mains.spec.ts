import { forkingMethods } from './helpers/scenarios.js';
import { mainModules } from './themes/mains.js';

// With fork nothing is imported.
for (const method of forkingMethods) if (method !== 'fork') mainModules(method);
