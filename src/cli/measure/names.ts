import type { ContestantName, Stage } from '../../measure/index.js';

/** What a row of a table is called. */
export const titles: Record<ContestantName, string> = {
  fork: 'fork',
  'fork-prepared': 'fork, prepareHeap',
  clone: 'Worker, structured clone',
  json: 'child_process, json',
  advanced: 'child_process, advanced',
  shared: 'Worker, SharedArrayBuffer',
};

/** After "by" in a sentence. */
export const inWords: Record<ContestantName, string> = {
  fork: 'fork',
  'fork-prepared': 'fork with prepareHeap',
  clone: 'structured clone',
  json: 'child_process with json',
  advanced: 'child_process with advanced serialization',
  shared: 'SharedArrayBuffer',
};

export const stageTitles: Record<Stage, string> = {
  start: 'data usable',
  read: 'all read',
  gc: 'full GC',
  write: '10 % written',
  scatter: 'each 10th',
};
