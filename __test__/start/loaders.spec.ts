import { forkingMethods } from './helpers/scenarios.js';
import { loaders } from './themes/loaders.js';

// With fork nothing is imported.
for (const method of forkingMethods) if (method !== 'fork') loaders(method);
