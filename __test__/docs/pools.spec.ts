import { printedOn } from './helpers/printed.js';

printedOn('docs/pools.md', 'pools');
