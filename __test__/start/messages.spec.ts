import { forkingMethods } from './helpers/scenarios.js';
import { messages } from './themes/messages.js';

for (const method of forkingMethods) messages(method);
