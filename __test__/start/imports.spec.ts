import { forkingMethods } from './helpers/scenarios.js';
import { imports } from './themes/imports.js';

// With fork nothing of this takes place.
for (const method of forkingMethods) if (method !== 'fork') imports(method);
