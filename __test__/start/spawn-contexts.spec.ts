import { choosing } from './themes/choosing.js';
import { contexts } from './themes/contexts.js';

contexts('spawn');
// Elsewhere the other methods have a part in it.
if (process.platform === 'win32') choosing();
