/** Which ways take part where there is not time for all of them: better a few ways some times than all of them once. */
import { LOADING, type TimeBox } from './budget.js';
import type { ContestantName } from './measurement.js';

/** The ways that answer the question. */
const FOREMOST: ReadonlySet<ContestantName> = new Set([
  'fork',
  'clone',
  'forkserver-preloaded',
  'advanced',
  'shared',
  'message',
]);

export function isForemost(name: ContestantName): boolean {
  return FOREMOST.has(name);
}

/** How often a way should be tried to be worth it. */
const TIMES = 3;

/** The foremost come first. */
export function inOrderOfWeight(names: readonly ContestantName[]): ContestantName[] {
  return [...names.filter((name) => FOREMOST.has(name)), ...names.filter((name) => !FOREMOST.has(name))];
}

/** Those that there is time for, and why the others are left out. What nothing is known of takes part. */
export function participants(
  methods: readonly ContestantName[],
  box: TimeBox,
): { taking: ContestantName[]; leftOut: Map<ContestantName, string> } {
  const leftOut = new Map<ContestantName, string>();
  let left = box.until - performance.now() - (box.expected(LOADING) ?? 0);
  for (const name of inOrderOfWeight(methods)) {
    const obstacle = box.obstacle(name);
    if (obstacle !== undefined) {
      leftOut.set(name, obstacle);
      continue;
    }
    const cost = box.expected(name);
    if (cost === undefined) {
      if (left <= (FOREMOST.has(name) ? -box.spare : 0)) leftOut.set(name, NO_TIME);
      continue;
    }
    const times = FOREMOST.has(name) ? 1 : TIMES;
    if (cost * times <= left) left -= cost * TIMES;
    else leftOut.set(name, noTime(cost));
  }
  return { taking: methods.filter((name) => !leftOut.has(name)), leftOut };
}

export const NO_TIME = 'there was no time for it (--full has no limit)';

export function noTime(cost: number): string {
  const seconds = (cost / 1000).toLocaleString('en-US', { maximumSignificantDigits: 2 });
  return `there was no time for it: once takes about ${seconds} s (--full has no limit)`;
}
