/** What a pool and its tasks can be told. */
import { ZygoteError } from '../errors.js';
import { cpuCount } from '../process/cpus.js';
import type { WaitOptions } from '../process/waiting.js';
import { assertStartMethod, type StartMethod } from '../start/method.js';
import type { StartOptions } from '../start/starter.js';
import type { AnyFunction } from './functions.js';

/** Those of a process are for each of the workers. */
export interface PoolOptions extends Omit<StartOptions, 'stdio'> {
  /** How many workers there are at most. Default: `cpuCount()`. */
  processes?: number;
  /** How many are started at once, and stay when there is nothing to do. Default 0: they are started when there are tasks. */
  minWorkers?: number;
  /** Default: that of the context, see `getStartMethod`. */
  method?: StartMethod;
  /** Runs first in each worker, to its end. If it fails, the tasks that wait are rejected with `ERR_ZYGOTE_INITIALIZER`. */
  initializer?: AnyFunction;
  initArgs?: unknown[];
  /** How many tasks a worker runs before another one takes its place; each item of a map counts. Default: no limit. */
  maxTasksPerChild?: number;
  /**
   * Each task, also each item of a map, has a process of its own, which was made for it and ends with it: nothing that a task leaves
   * behind is met by another one. With `fork` it is a clone of this process made when there are tasks, or ahead of them for
   * `minWorkers`. Default: false.
   */
  isolate?: boolean;
  /** After so many ms without a task a worker ends, if there are more than `minWorkers`. Default: never. */
  idleTimeout?: number;
  /** Longest time in ms that a task may run: then it is rejected with a TimeoutError, and its worker replaced. Default: none. */
  taskTimeout?: number;
  /** How often a task is run again whose worker died. Default 0: it is rejected with a WorkerCrashedError. */
  retries?: number;
  /** Default: `Pool-1`, `Pool-2`, … Its workers are `Pool-1-Worker-1`, … */
  name?: string;
}

/** For one task. The timeout is for all of it, the time in the queue included. */
export interface TaskOptions extends WaitOptions {
  /** In place of the pool's. */
  taskTimeout?: number;
  /** In place of the pool's. */
  retries?: number;
}

/** For a map. */
export interface MapOptions extends TaskOptions {
  /** How many items a worker is given at a time. Default: so many that they take some milliseconds. */
  chunkSize?: number;
  /** Called when further results have come. What it throws rejects the map. */
  onProgress?: (progress: Progress) => void;
}

/** How far a map is. */
export interface Progress {
  done: number;
  /** Of all items; undefined as long as the input has not ended. */
  total: number | undefined;
}

/** For a map that gives its results one by one. */
export interface StreamOptions extends MapOptions {
  /**
   * How many items are taken from the input ahead of the results that were asked for. Default: enough for all workers to be busy.
   */
  lookAhead?: number;
}

/** With the defaults, checked. */
export interface Settings {
  processes: number;
  minWorkers: number;
  initializer: AnyFunction | undefined;
  initArgs: unknown[];
  maxTasksPerChild: number;
  idleTimeout: number | undefined;
  taskTimeout: number | undefined;
  retries: number;
  start: StartOptions;
}

/** @throws RangeError or ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`; StartMethodError. */
export function settingsOf(options: PoolOptions): Settings {
  const {
    processes = cpuCount(),
    minWorkers = 0,
    method,
    initializer,
    initArgs = [],
    maxTasksPerChild,
    isolate = false,
    idleTimeout,
    taskTimeout,
    retries = 0,
    name: _,
    ...start
  } = options;
  assertCount('processes', processes, 1);
  assertCount('minWorkers', minWorkers, 0);
  if (maxTasksPerChild !== undefined) assertCount('maxTasksPerChild', maxTasksPerChild, 1);
  if (isolate && (maxTasksPerChild ?? 1) !== 1) {
    throw outOfRange(
      `with isolate a worker runs one task: leave out maxTasksPerChild, or make it 1, not ${maxTasksPerChild}`,
    );
  }
  assertCount('retries', retries, 0);
  assertTime('idleTimeout', idleTimeout);
  assertTime('taskTimeout', taskTimeout);
  if (method !== undefined) assertStartMethod(method);
  if (initializer !== undefined && typeof initializer !== 'function') {
    throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', `initializer must be a function, not ${typeof initializer}`);
  }
  return {
    processes,
    minWorkers: Math.min(minWorkers, processes),
    initializer,
    initArgs,
    maxTasksPerChild: maxTasksPerChild ?? (isolate ? 1 : Infinity),
    idleTimeout,
    taskTimeout,
    retries,
    start,
  };
}

/** @throws RangeError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function assertCount(name: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw outOfRange(`${name} must be a whole number from ${least} on, not ${String(value)}`);
}

/** @throws RangeError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function assertTime(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return;
  throw outOfRange(`${name} must be a number of milliseconds above 0, not ${String(value)}`);
}

function outOfRange(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' });
}
