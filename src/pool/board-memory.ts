/** Memory for the board of a worker that is about to be started. */
import { native } from '../native/binding.js';
import type { StartMethod } from '../start/method.js';
import { BOARD_SIZE } from './board.js';
import type { WorkerSetup } from './working.js';

/** Undefined where there is none: the worker is given one task at a time then. */
export function boardMemory(method: StartMethod): WorkerSetup['board'] {
  return method === 'fork' ? { buffer: native().sharedPages(BOARD_SIZE) } : undefined;
}
