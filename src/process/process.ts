import { EventEmitter } from 'node:events';
import { runChild } from '../child/main.js';
import { trackWorkers } from '../child/workers.js';
import { type ExitStatus, ProcessExitError, ZygoteError } from '../errors.js';
import { collectGarbage } from '../memory/heap.js';
import { native } from '../native/binding.js';
import { forkAtLoopBase } from '../start/fork.js';
import { type ForkStrategy, forkStrategy } from '../start/strategy.js';
import { deserializeThrown } from '../transfer/errors.js';
import { deserialize, serialize } from '../transfer/values.js';
import { Channel, Kind } from './channel.js';
import { descriptorsOf } from './inherit.js';
import { nextName } from './name.js';
import { ChildHandle } from './reaper.js';
import { noteEnded, noteStarted } from './registry.js';
import { waitFor, type WaitOptions } from './waiting.js';

trackWorkers();

/** Memory of a process. All in bytes but the faults, which are counts since its start. */
export interface ProcessMemory {
  /** Resident: in memory now, shared pages counted whole. */
  rss: number;
  /** Proportional: shared pages divided by the number of processes that share them. Sums over processes are true. */
  pss: number;
  /** Unique: what would be free if this process ended. */
  uss: number;
  sharedClean: number;
  sharedDirty: number;
  privateClean: number;
  privateDirty: number;
  swap: number;
  minorFaults: number;
  majorFaults: number;
}

/** What to run in a new process, and how. */
export interface ProcessOptions<A extends unknown[], R> {
  /** The function to run. With the start method `fork` any closure: the child is a copy of this process. */
  target: (...args: A) => R | Promise<R>;
  args?: A;
  /** Default: `Process-1`, `Process-2`, … */
  name?: string;
  /** The child is killed when this process ends, whatever ends it. Default false. */
  daemon?: boolean;
  /**
   * Sockets, servers, streams or descriptors that stay usable in the child. Everything else of that kind is severed there:
   * the child can neither read what is meant for this process nor accept its connections.
   */
  inherit?: unknown[];
  /** Environment of the child, in place of this process's. */
  env?: Record<string, string>;
  /** Working directory of the child. */
  cwd?: string;
  /** Settle the heap right before the fork (a full garbage collection), then run the callback, so that more stays shared. */
  prepareHeap?: boolean | (() => void);
  /** Keep the copies of this process's Workers running in the child. Default false: they are ended there. */
  keepWorkers?: boolean;
  /** Longest time, in ms, that `start` waits until nothing is in flight in libuv's thread pool. Default 2,000. */
  drainTimeout?: number;
  /** How to fork; default: what the system can do. */
  strategy?: ForkStrategy;
}

/** Events of a {@link Process}. */
export interface ProcessEvents {
  start: [];
  exit: [status: ExitStatus];
  message: [value: unknown];
  error: [error: unknown];
}

type State = 'new' | 'starting' | 'running' | 'ended' | 'closed';

/**
 * A function that runs in a process of its own.
 *
 * The child is a copy of this process at the moment of the start: the target, its arguments and everything that it can
 * reach are inherited copy-on-write, not serialized. Only what the target returns or throws is.
 *
 * @example
 * const index = buildIndex();
 * const child = await new Process({ target: () => search(index, 'needle') }).start();
 * console.log(await child.result);
 */
export class Process<A extends unknown[] = unknown[], R = unknown> extends EventEmitter<ProcessEvents> {
  readonly name: string;
  readonly daemon: boolean;
  readonly #options: ProcessOptions<A, R>;
  readonly #result: Promise<Awaited<R>>;
  #resolve!: (value: Awaited<R>) => void;
  #reject!: (error: unknown) => void;
  #state: State = 'new';
  #handle: ChildHandle | undefined;
  #channel: Channel | undefined;
  #resultWanted = false;
  #settled = false;
  #keepsAlive = true;
  /** A signal of ours ended it, or may have: its end is no news. */
  #signalled = false;
  #started: Promise<this> | undefined;

  constructor(options: ProcessOptions<A, R>) {
    super();
    if (typeof options?.target !== 'function') {
      throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', 'new Process takes { target }, a function');
    }
    this.#options = options;
    this.name = options.name ?? nextName();
    this.daemon = options.daemon ?? false;
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever wants it takes it by `result`; else a failure is reported in another way, see #fail.
    this.#result.catch(() => {});
  }

  /**
   * Starts the process; settles when the child exists. Can be called once.
   *
   * @throws ZygoteError `ERR_ZYGOTE_REQUESTS_IN_FLIGHT` if something stays in flight in libuv's thread pool,
   * `ERR_ZYGOTE_FORK_FAILED`, `ERR_ZYGOTE_FORK_TIMEOUT`, `ERR_ZYGOTE_INSPECTOR_OPEN`, `ERR_ZYGOTE_NOT_INHERITABLE`;
   * StartMethodError where this process cannot be forked.
   */
  start(): Promise<this> {
    if (this.#state !== 'new') {
      const error = new ZygoteError('ERR_ZYGOTE_ALREADY_STARTED', `${this.name} has been started; make a new Process`);
      return Promise.reject(error);
    }
    this.#state = 'starting';
    this.#started = this.#fork().catch((error: unknown) => {
      this.#state = 'closed';
      this.#settled = true;
      this.#reject(error);
      throw error;
    });
    return this.#started;
  }

  /** The target's value; rejects with what it threw, or with a ProcessExitError if the child ended without either. */
  get result(): Promise<Awaited<R>> {
    this.#resultWanted = true;
    return this.#result;
  }

  /**
   * Waits until the child has ended; undefined after the timeout. May be called any number of times.
   *
   * @throws the signal's reason when it is aborted; ZygoteError `ERR_ZYGOTE_NOT_STARTED`.
   */
  async join(options: WaitOptions = {}): Promise<ExitStatus | undefined> {
    if (this.#state === 'starting') await this.#started;
    const handle = this.#running('join');
    handle.poll();
    return handle.status ?? waitFor(handle.ended, options);
  }

  /** Process id; undefined before the start. */
  get pid(): number | undefined {
    return this.#handle?.pid;
  }

  get isAlive(): boolean {
    this.#handle?.poll();
    return this.#state === 'running' && this.#handle?.status === undefined;
  }

  /** Null while it runs, and if a signal ended it. */
  get exitCode(): number | null {
    this.#handle?.poll();
    return this.#handle?.status?.exitCode ?? null;
  }

  /** Null while it runs, and if it exited by itself. */
  get signalCode(): NodeJS.Signals | null {
    this.#handle?.poll();
    return this.#handle?.status?.signalCode ?? null;
  }

  /** Sends SIGTERM. */
  terminate(): void {
    this.kill('SIGTERM');
  }

  /** Sends a signal, SIGKILL by default. Does nothing if the child has ended. */
  kill(signal: NodeJS.Signals | number = 'SIGKILL'): void {
    if (this.#running('kill').signal(signal) && signal !== 0) this.#signalled = true;
  }

  /**
   * Lets go of the process's descriptors.
   *
   * @throws ZygoteError `ERR_ZYGOTE_STILL_RUNNING` while the child runs.
   */
  close(): void {
    if (this.#state === 'starting' || this.isAlive) {
      throw new ZygoteError(
        'ERR_ZYGOTE_STILL_RUNNING',
        `${this.name} is still running: join or terminate it before close()`,
      );
    }
    this.#channel?.close();
    this.#state = 'closed';
  }

  /** The child keeps this process alive: the default. */
  ref(): this {
    return this.#setRef(true);
  }

  /** This process may end while the child runs. */
  unref(): this {
    return this.#setRef(false);
  }

  /** Sends a value, which the child gets by `parentProcess().on('message', …)`. Rejects with a TransferError or EPIPE. */
  async send(value: unknown): Promise<void> {
    this.#running('send');
    const body = serialize(value);
    if (!this.#channel) throw new ZygoteError('ERR_ZYGOTE_ENDED', `${this.name} has ended and cannot be sent anything`);
    await this.#channel.send(Kind.message, body);
  }

  /** The child's memory now. One read of `/proc/<pid>/smaps_rollup`: about 1 ms for each 100 MB that is resident. */
  async memory(): Promise<ProcessMemory> {
    const { pid } = this.#running('memory');
    return native().processMemory(pid);
  }

  /** Terminates the child if it runs, waits for its end and lets go of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'starting') await this.#started?.catch(() => {});
    if (this.isAlive) this.terminate();
    if (this.#handle) await this.join();
    this.close();
  }

  /** @internal In a forked child: this is the parent's. */
  abandon(): void {
    this.#state = 'closed';
  }

  async #fork(): Promise<this> {
    const { target, args, prepareHeap, keepWorkers, env, cwd, strategy, drainTimeout, inherit } = this.#options;
    const keep = descriptorsOf(inherit ?? []);
    const singleThreaded = forkStrategy(strategy) === 'single-threaded';
    const [own, childs] = native().socketPair();
    const task = {
      name: this.name,
      target: target as (...args: never[]) => unknown,
      args: args ?? [],
      daemon: this.daemon,
      keepWorkers: keepWorkers ?? false,
      env,
      cwd,
      keep,
      channel: childs,
      parent: process.pid,
      singleThreaded,
    };
    let forked;
    try {
      forked = await forkAtLoopBase({
        strategy,
        keep: [...keep, childs],
        drainTimeout: drainTimeout ?? 2000,
        prepare: prepareHeap ? () => settle(prepareHeap) : undefined,
        child: () => runChild(task),
      });
    } catch (error) {
      native().closeDescriptor(own);
      native().closeDescriptor(childs);
      throw error;
    }
    native().closeDescriptor(childs);
    this.#state = 'running';
    this.#handle = new ChildHandle(forked.pid, forked.pidfd);
    this.#channel = new Channel(
      own,
      (kind, body) => this.#receive(kind, body),
      () => void this.#end(),
    );
    this.#setRef(this.#keepsAlive);
    void this.#handle.ended.then(() => this.#setRef(this.#keepsAlive));
    noteStarted(this as never);
    this.emit('start');
    return this;
  }

  #receive(kind: Kind, body: Buffer): void {
    try {
      if (kind === Kind.message) this.emit('message', deserialize(body));
      else if (kind === Kind.result) this.#succeed(deserialize(body) as Awaited<R>);
      else this.#fail(deserializeThrown(body));
    } catch (error) {
      if (kind === Kind.message) throw error;
      this.#fail(error);
    }
  }

  #succeed(value: Awaited<R>): void {
    this.#settled = true;
    this.#resolve(value);
  }

  #fail(error: unknown): void {
    this.#settled = true;
    this.#reject(error);
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else if (!this.#resultWanted && !this.#signalled) {
      // Nobody is listening: as Python does, at least say it.
      process.stderr.write(
        `${this.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    }
  }

  /** The channel has ended: the child has closed it, which it does by ending, or it was closed here. */
  async #end(): Promise<void> {
    this.#channel = undefined;
    const handle = this.#handle;
    if (!handle || this.#state === 'closed') return;
    const status = await handle.ended;
    this.#state = 'ended';
    noteEnded(this as never);
    if (!this.#settled) this.#fail(new ProcessExitError(this.name, status));
    this.emit('exit', status);
  }

  #setRef(keepsAlive: boolean): this {
    this.#keepsAlive = keepsAlive;
    this.#handle?.setRef(keepsAlive);
    this.#channel?.setRef(keepsAlive);
    return this;
  }

  #running(what: string): ChildHandle {
    if (!this.#handle) {
      throw new ZygoteError(
        'ERR_ZYGOTE_NOT_STARTED',
        `${this.name} has not been started: await start() before ${what}()`,
      );
    }
    return this.#handle;
  }
}

function settle(prepareHeap: true | (() => void)): void {
  collectGarbage();
  if (typeof prepareHeap === 'function') prepareHeap();
}
