import type { ExitStatus } from '../errors.js';
import type { StartMethod } from '../start/method.js';
import type { StartOptions } from '../start/starter.js';

/** What to run in a new process, and how. */
export interface ProcessOptions<A extends unknown[], R> extends StartOptions {
  /**
   * The function to run. With the start method `fork` any closure: the child is a copy of this process. With the others a
   * function that its module exports, which is imported there. May be left out by a class that has a `run` of its own.
   */
  target?: (...args: A) => R | Promise<R>;
  args?: A;
  /** Default: `Process-1`, `Process-2`, … */
  name?: string;
  /**
   * The child is killed when this process ends, whatever ends it. Default: what this process is, so false in the main process.
   */
  daemon?: boolean;
  /** Default: that of the context, see `getStartMethod`. */
  method?: StartMethod;
}

/** Events of a `Process`. */
export interface ProcessEvents {
  start: [];
  exit: [status: ExitStatus];
  message: [value: unknown];
  error: [error: unknown];
}
