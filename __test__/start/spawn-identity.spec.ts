import { identity } from './themes/identity.js';

identity('spawn');
