import { startFork } from './fork.js';
import { startForkserver } from './forkserver.js';
import type { StartMethod } from './method.js';
import { startSpawn } from './spawn.js';
import type { Starter } from './starter.js';

/** How each start method starts a process. */
export const starters: Readonly<Record<StartMethod, Starter>> = {
  fork: startFork,
  forkserver: startForkserver,
  spawn: startSpawn,
};
