import { WAYS, type ContestantName, type Stage } from '../../measure/index.js';

/** What a row of a table is called. */
export function titleOf(name: ContestantName): string {
  return WAYS[name].title;
}

/** After "by" in a sentence. */
export function inWords(name: ContestantName): string {
  return WAYS[name].inWords;
}

export const stageTitles: Record<Stage, string> = {
  start: 'data usable',
  read: 'all read',
  gc: 'full GC',
  write1: '1 %',
  write10: '10 %',
  scatter: 'each 10th',
  write100: '100 %',
};
