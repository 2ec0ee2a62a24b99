import { forkingMethods } from '../start/helpers/scenarios.js';
import { calls } from './themes/calls.js';

for (const method of forkingMethods) calls(method);
