/** What the three start methods have in common: each takes a request and gives a child and a channel to it. */
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ZygoteError } from '../errors.js';
import type { ChildHandle } from '../process/handle.js';
import type { StartMethod } from './method.js';
import type { ForkStrategy } from './strategy.js';
import type { Stdio } from './stdio.js';

/** How a process is to run. What a start method has no use for it ignores, so that a program can change its method alone. */
export interface StartOptions {
  /**
   * Sockets, servers, streams or descriptors that stay usable in the child. Everything else of that kind is severed there:
   * the child can neither read what is meant for this process nor accept its connections. With the start method `fork`; with
   * the others put them in `args`.
   */
  inherit?: unknown[];
  /** Environment of the child, in place of this process's. */
  env?: Record<string, string>;
  /** Working directory of the child. */
  cwd?: string;
  /** Arguments for Node itself, in place of this process's `process.execArgv`. With the start method `spawn`. */
  execArgv?: string[];
  /**
   * Standard input, output and error: `inherit`, `ignore`, `pipe` (see `Process.stdin`, `stdout` and `stderr`), a descriptor or
   * a stream that has one; one for all three or one for each. Default `['ignore', 'inherit', 'inherit']`.
   */
  stdio?: Stdio;
  /** Settle the heap right before a fork (a full garbage collection), then run the callback, so that more stays shared. */
  prepareHeap?: boolean | (() => void);
  /** Keep the copies of this process's Workers running in a forked child. Default false: they are ended there. */
  keepWorkers?: boolean;
  /** Longest time, in ms, that `start` with `fork` waits until nothing is in flight in libuv's thread pool. Default 2,000. */
  drainTimeout?: number;
  /** How to fork; default: what the system can do. */
  strategy?: ForkStrategy;
}

/** What a child that does not inherit it has to be sent. */
export interface Task {
  target: unknown;
  args: readonly unknown[];
  /** Of a class that extends `Process`: the class, and the fields of the instance. */
  subclass?: { Class: unknown; fields: Record<string, unknown> };
}

export interface StartRequest {
  name: string;
  daemon: boolean;
  options: StartOptions;
  /** Runs in a child that is a clone of this process. */
  run: () => unknown;
  /** For a child that is none. */
  task: Task;
  /** Rejects if the start is given up. */
  givenUp: Promise<never>;
}

/** The parent's ends of the streams that are pipes. */
export interface Streams {
  stdin: Writable | null;
  stdout: Readable | null;
  stderr: Readable | null;
}

export interface Started extends Streams {
  handle: ChildHandle;
  /** The parent's end of the channel. */
  channel: Socket;
  /** Signals are the child's: it has no listeners of its parent's any more. Else its hello will tell when that is so. */
  hearsSignals: boolean;
  /** What the child wrote to standard error before it ended, where this process has seen it. */
  lastOutput?: () => Promise<string>;
}

export type Starter = (request: StartRequest) => Promise<Started>;

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function assertNothingInherited({ inherit }: StartOptions, method: StartMethod): void {
  if (!inherit || inherit.length === 0) return;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    `with the start method "${method}" a child inherits nothing: pass sockets and servers in args, or use the start method "fork"`,
  );
}
