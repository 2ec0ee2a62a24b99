import { loaders } from './themes/loaders.js';

loaders('spawn');
