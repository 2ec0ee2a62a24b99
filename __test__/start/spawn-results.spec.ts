import { results } from './themes/results.js';

results('spawn');
