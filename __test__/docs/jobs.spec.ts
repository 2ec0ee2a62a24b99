import { printedOn } from './helpers/printed.js';

printedOn('docs/jobs.md', 'jobs');
