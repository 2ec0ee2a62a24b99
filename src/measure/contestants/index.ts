import type { ContestantName } from '../measurement.js';
import { childProcess } from './childProcess.js';
import type { Contestant } from './contestant.js';
import { fork } from './fork.js';
import { sharedMemory, structuredClone } from './worker.js';

export type { Contestant, Fitness, Turn } from './contestant.js';

/** Those with these names, in this order. */
export function contestants(names: readonly ContestantName[]): Contestant[] {
  return names.map((name) => makers[name]());
}

const makers: Record<ContestantName, () => Contestant> = {
  fork: () => fork('fork', false),
  'fork-prepared': () => fork('fork-prepared', true),
  clone: () => structuredClone,
  json: () => childProcess('json'),
  advanced: () => childProcess('advanced'),
  shared: () => sharedMemory,
};
