import { forkingMethods } from '../start/helpers/scenarios.js';
import { faults } from './themes/faults.js';

for (const method of forkingMethods) faults(method);
