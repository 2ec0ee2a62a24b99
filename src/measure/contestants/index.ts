import type { ContestantName } from '../ways.js';
import { childProcess } from './childProcess.js';
import type { Contestant } from './contestant.js';
import { fork, preloadedServer, serverArgument, spawnArgument } from './process.js';
import { memory } from './memory.js';
import { python } from './python.js';
import { queue } from './queue.js';
import { message, sharedMemory, structuredClone } from './worker.js';

export type { Child, Contestant, Fitness, Turn } from './contestant.js';

/** Those with these names, in this order. */
export function contestants(names: readonly ContestantName[]): Contestant[] {
  return names.map((name) => makers[name]());
}

const makers: Record<ContestantName, () => Contestant> = {
  fork: () => fork('fork', false),
  'fork-prepared': () => fork('fork-prepared', true),
  'forkserver-preloaded': () => preloadedServer,
  'forkserver-args': () => serverArgument,
  'spawn-args': () => spawnArgument,
  'queue-fork': () => queue('fork'),
  'queue-forkserver': () => queue('forkserver'),
  'queue-spawn': () => queue('spawn'),
  'memory-fork': () => memory('shared', 'fork'),
  'memory-forkserver': () => memory('shared', 'forkserver'),
  'memory-spawn': () => memory('shared', 'spawn'),
  'mapping-fork': () => memory('copy-on-write', 'fork'),
  'mapping-forkserver': () => memory('copy-on-write', 'forkserver'),
  'mapping-spawn': () => memory('copy-on-write', 'spawn'),
  clone: () => structuredClone,
  json: () => childProcess('json', 'json', false),
  advanced: () => childProcess('advanced', 'advanced', false),
  shared: () => sharedMemory,
  message: () => message,
  ipc: () => childProcess('ipc', 'advanced', true),
  'python-fork': () => python('fork'),
  'python-forkserver': () => python('forkserver'),
  'python-spawn': () => python('spawn'),
};
