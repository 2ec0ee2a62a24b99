/** Workers that run tasks: one at a time each, as long as there are some. */
import { TimeoutError, TransferError, ZygoteError } from '../errors.js';
import type { ElementOf, NumbersType } from '../memory/numbers.js';
import { nextPoolName } from '../process/name.js';
import { assertWaitable, waitFor, type WaitOptions } from '../process/waiting.js';
import { getStartMethod, type StartMethod } from '../start/method.js';
import * as pickling from '../transfer/pickle.js';
import { Dispatcher } from './dispatcher.js';
import { forkMap, type ForkMapOptions } from './fork-map.js';
import { Op } from './frame.js';
import type { AnyFunction, PoolFunction } from './functions.js';
import type { Plan } from './mapping.js';
import {
  assertCount,
  assertTime,
  type MapOptions,
  type PoolOptions,
  type Settings,
  settingsOf,
  type StreamOptions,
  type TaskOptions,
} from './options.js';
import { packArguments, type Packed } from './packed.js';
import { listen } from '../process/aborts.js';
import { type PoolStats, statsOf } from './stats.js';
import { collect, stream } from './takers.js';
import { Task } from './task.js';

type Items<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Processes that run tasks.
 *
 * Each worker has a channel of its own, and the pool knows what each one has: when a worker dies, the task that it was running is
 * rejected with a WorkerCrashedError (or run again, see `retries`), another worker takes its place, and all other tasks go on.
 *
 * With the start method `fork` a task may be any function. One that the pool was given before a worker was forked is found
 * there as it was then, with what it captures; for others workers are forked anew. With `forkserver` and `spawn` functions travel by
 * reference. Arguments and results are transferred, see `TransferError`.
 *
 * @example
 * await using pool = new Pool({ processes: 4 });
 * const sizes = await pool.map(measureFile, files);
 */
export class Pool {
  /** The start method of a context's class. */
  static readonly method: StartMethod | undefined = undefined;
  readonly name: string;
  readonly method: StartMethod;
  readonly #settings: Settings;
  readonly #dispatcher: Dispatcher;
  /** Whose it is: in a clone of that process it is of no use. */
  readonly #owner = process.pid;

  /** @throws RangeError or ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`; StartMethodError. */
  constructor(options: PoolOptions = {}) {
    this.#settings = settingsOf(options);
    this.name = options.name ?? nextPoolName();
    this.method = options.method ?? new.target.method ?? getStartMethod();
    this.#dispatcher = new Dispatcher(this.name, this.method, this.#settings);
  }

  /** Runs a function in a worker; gives its value, or rejects with what it throws. See `apply`. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return this.apply(fn, args);
  }

  /**
   * Runs a function in a worker, with options.
   *
   * @throws what the function throws; TransferError; WorkerCrashedError; TimeoutError; the signal's reason when it is aborted: a task
   * that waits is dropped then, and the worker of one that runs is ended. ZygoteError `ERR_ZYGOTE_POOL_CLOSED`,
   * `ERR_ZYGOTE_POOL_TERMINATED`, `ERR_ZYGOTE_POOL_FOREIGN`, `ERR_ZYGOTE_INITIALIZER`; and what the start of a process throws.
   */
  apply<A extends unknown[], R>(
    fn: (...args: A) => R,
    args: A = [] as unknown as A,
    options?: TaskOptions,
  ): Promise<Awaited<R>> {
    return new Promise((resolve, reject) => {
      const outcome = { resolve: resolve as (value: unknown) => void, reject };
      const known = this.#function(fn);
      const task = new Task(Op.run, fn, known, packed(args, '$.args'), 1, outcome, undefined);
      if (options) {
        assertTaskOptions(options);
        this.#watch(options, outcome.reject, (error) => this.#dispatcher.cancel(task, error), task);
      }
      this.#add(task, options);
    });
  }

  /** Calls the function for each item, several at a time. The first error rejects all, and drops what has not been begun. */
  map<T, R>(fn: (item: T) => R, items: Items<T>, options: MapOptions = {}): Promise<Awaited<R>[]> {
    return this.#collect(Op.map, fn, items, options) as Promise<Awaited<R>[]>;
  }

  /** As `map`; each item is a list of arguments. */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    items: Items<A>,
    options: MapOptions = {},
  ): Promise<Awaited<R>[]> {
    return this.#collect(Op.starmap, fn, items, options) as Promise<Awaited<R>[]>;
  }

  /** As `map`, but gives the results one by one, in the order of the items, while further items are taken as these are used. */
  imap<T, R>(
    fn: (item: T) => R,
    items: Items<T>,
    options: StreamOptions = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    return this.#stream(fn, items, options, true) as AsyncGenerator<Awaited<R>, void, undefined>;
  }

  /** As `imap`, but in the order in which the results come. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Items<T>,
    options: StreamOptions = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    return this.#stream(fn, items, options, false) as AsyncGenerator<Awaited<R>, void, undefined>;
  }

  /**
   * Maps in processes forked for this map, which inherit the items and the function: see `forkMap`. As many as the pool has workers at
   * most, with its `retries` and `prepareHeap`; a pool that is closed waits for it.
   *
   * @throws StartMethodError where this process cannot be forked; what `forkMap` throws.
   */
  forkMap<T, C extends NumbersType>(
    items: ArrayLike<T>,
    fn: (item: T, index: number) => ElementOf<C> | Promise<ElementOf<C>>,
    options: ForkMapOptions & { into: C },
  ): Promise<InstanceType<C>>;
  forkMap<T, R>(
    items: ArrayLike<T>,
    fn: (item: T, index: number) => R,
    options?: ForkMapOptions & { into?: never },
  ): Promise<Awaited<R>[]>;
  async forkMap(items: ArrayLike<unknown>, fn: AnyFunction, options: ForkMapOptions = {}): Promise<unknown> {
    this.#assertOpen();
    const { processes, retries, start } = this.#settings;
    const { prepareHeap = false } = start;
    this.#dispatcher.hold(1);
    try {
      const given = { processes, retries, prepareHeap, name: `${this.name}-forkMap`, ...options } as object;
      return await forkMap(items, fn as (item: unknown) => unknown, given);
    } finally {
      this.#dispatcher.hold(-1);
    }
  }

  /** Whether it takes no more tasks. */
  get isClosed(): boolean {
    return this.#dispatcher.isClosed;
  }

  /** Takes no more tasks; the workers end when those are done that it has. */
  close(): void {
    this.#assertOwn();
    this.#dispatcher.close();
  }

  /** Rejects all tasks, and ends the workers. */
  terminate(): void {
    this.#assertOwn();
    this.#dispatcher.terminate();
  }

  /**
   * Waits until all workers have ended, after `close` or `terminate`; false after the timeout.
   *
   * @throws ZygoteError `ERR_ZYGOTE_POOL_RUNNING` if neither was called; the signal's reason when it is aborted.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    this.#assertOwn();
    if (!this.#dispatcher.isClosed) {
      throw new ZygoteError(
        'ERR_ZYGOTE_POOL_RUNNING',
        `${this.name} is still running: close() or terminate() it before`,
      );
    }
    const ended = this.#dispatcher.ended.then(() => true);
    return (await waitFor(ended, options)) ?? false;
  }

  stats(): PoolStats {
    return statsOf(this.#dispatcher);
  }

  /** Closes it, and waits until everything is done. In a clone of its process it does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (process.pid !== this.#owner) return;
    this.close();
    await this.join();
  }

  #collect(op: Op, fn: AnyFunction, items: Items<unknown>, options: MapOptions): Promise<unknown[]> {
    let release: (() => void) | undefined;
    const collected = new Promise<unknown[]>((resolve) => {
      const plan = this.#plan(op, fn, items, options, Infinity);
      resolve(
        collect(plan, items, (stop) => {
          release = this.#watch(options, stop, stop);
        }),
      );
    });
    this.#dispatcher.hold(1);
    return collected.finally(() => {
      release?.();
      this.#dispatcher.hold(-1);
    });
  }

  async *#stream(
    fn: AnyFunction,
    items: Items<unknown>,
    options: StreamOptions,
    isOrdered: boolean,
  ): AsyncGenerator<unknown, void, undefined> {
    const { lookAhead = Infinity } = options;
    if (lookAhead !== Infinity) assertCount('lookAhead', lookAhead, 1);
    const plan = this.#plan(Op.map, fn, items, options, lookAhead);
    let release: (() => void) | undefined;
    this.#dispatcher.hold(1);
    try {
      yield* stream(plan, items, isOrdered, (stop) => {
        release = this.#watch(options, stop, stop);
      });
    } finally {
      release?.();
      this.#dispatcher.hold(-1);
    }
  }

  #plan(op: Op, fn: AnyFunction, items: unknown, options: MapOptions, lookAhead: number): Plan {
    const { chunkSize, onProgress } = options;
    assertTaskOptions(options);
    if (chunkSize !== undefined) assertCount('chunkSize', chunkSize, 1);
    assertIterable(items);
    const known = this.#function(fn);
    return {
      fn: known,
      chunkSize,
      largest: this.#settings.maxTasksPerChild,
      processes: this.#settings.processes,
      lookAhead,
      onProgress,
      submit: (chunk, place, outcome) => {
        const task = new Task(op, fn, known, packed(chunk, '$', place), chunk.length, outcome, place);
        this.#add(task, options);
        return task;
      },
      cancel: (task, error) => this.#dispatcher.cancel(task, error),
      drop: (task, error) => this.#dispatcher.drop(task, error),
    };
  }

  #add(task: Task, options: TaskOptions | undefined): void {
    if (task.settled) return;
    task.retries = options?.retries ?? this.#settings.retries;
    task.limit = options?.taskTimeout ?? this.#settings.taskTimeout;
    this.#dispatcher.add(task);
  }

  /** Checks what can be given. */
  #function(fn: AnyFunction): PoolFunction {
    this.#assertOpen();
    if (typeof fn !== 'function') {
      throw new ZygoteError(
        'ERR_ZYGOTE_INVALID_ARGUMENT',
        `a pool runs functions; this is ${fn === null ? 'null' : typeof fn}`,
      );
    }
    const known = this.#dispatcher.functions.of(fn);
    if (this.method !== 'fork') known.reference(fn);
    return known;
  }

  /** Ends something when its signal is aborted or its time is over. */
  #watch(
    { timeout, signal }: WaitOptions,
    refuse: (error: unknown) => void,
    stop: (error: unknown) => void,
    task?: Task,
  ): () => void {
    if (signal?.aborted) {
      if (task) task.settled = true;
      refuse(signal.reason);
      return () => {};
    }
    const unlisten = signal && listen(signal, () => stop(signal.reason));
    // Longer ones than a timer takes are as good as none.
    const timer =
      timeout !== undefined && timeout < 2 ** 31
        ? setTimeout(() => {
            // This process itself may have been held up: what has come meanwhile is read first.
            setImmediate(() => setImmediate(stop, new TimeoutError(`${this.name}: not done after ${timeout} ms`)));
          }, timeout)
        : undefined;
    const release = (): void => {
      unlisten?.();
      clearTimeout(timer);
    };
    if (task) task.release = release;
    return release;
  }

  #assertOpen(): void {
    this.#assertOwn();
    if (this.#dispatcher.isClosed) {
      throw new ZygoteError(
        'ERR_ZYGOTE_POOL_CLOSED',
        `${this.name} was closed and takes no more tasks: make a new Pool`,
      );
    }
  }

  #assertOwn(): void {
    if (process.pid === this.#owner) return;
    throw new ZygoteError(
      'ERR_ZYGOTE_POOL_FOREIGN',
      `${this.name} belongs to process ${this.#owner}, which this one is a copy of: make a Pool here`,
    );
  }
}

/** @throws TransferError that says where among the arguments or items it is. */
function packed(values: readonly unknown[], root: string, place = 0): Packed {
  try {
    return packArguments(values, pickling);
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    const path = error.path.replace(/^\$(?:\[(\d+)\])?/, (_, index?: string) =>
      index === undefined ? root : `${root}[${Number(index) + place}]`,
    );
    throw new TransferError(path, error.reason, { cause: error.cause });
  }
}

function assertTaskOptions(options: TaskOptions): void {
  assertWaitable(options);
  assertTime('taskTimeout', options.taskTimeout);
  if (options.retries !== undefined) assertCount('retries', options.retries, 0);
}

function assertIterable(items: unknown): void {
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: later } = Object(items) as Record<symbol, unknown>;
  if (typeof sync === 'function' || typeof later === 'function') return;
  throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', 'a map takes an iterable or an async iterable of items');
}
