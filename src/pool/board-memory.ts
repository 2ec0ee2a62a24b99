/** Memory for the board of a worker that is about to be started. */
import { SharedMemory } from '../memory/shared-memory.js';
import { native } from '../native/binding.js';
import type { StartMethod } from '../start/method.js';
import { BOARD_SIZE } from './board.js';

/** Shared by a pool and one worker. */
export interface BoardMemory {
  readonly buffer: ArrayBufferLike;
  /** Lets go of it in this process. */
  close?(): void;
}

/** Undefined where there is none: the worker is given one task at a time then. */
export function boardMemory(method: StartMethod): BoardMemory | undefined {
  try {
    // A clone has the pages anyway; others are passed a descriptor.
    if (method === 'fork') return { buffer: native().sharedPages(BOARD_SIZE) };
    return new SharedMemory({ size: BOARD_SIZE, waitable: false });
  } catch {
    // No descriptor is left, or this Node cannot show such memory.
    return undefined;
  }
}
