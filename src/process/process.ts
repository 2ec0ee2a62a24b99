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

/** `foreign`: this process is a clone of the one that has started it. */
type State = 'new' | 'starting' | 'running' | 'ended' | 'closed' | 'foreign';

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
  /** Settles when the child has ended and all that it wrote was read. */
  readonly #over: Promise<void>;
  #setOver!: () => void;
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
  /** Ends a start that is under way. */
  #giveUp: ((reason: Error) => void) | undefined;

  constructor(options: ProcessOptions<A, R>) {
    super();
    if (typeof options?.target !== 'function') {
      throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', 'new Process takes { target }, a function');
    }
    this.#options = options;
    this.name = options.name ?? nextName();
    this.daemon = options.daemon ?? false;
    this.#over = new Promise((resolve) => (this.#setOver = resolve));
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
    noteStarted(this as never);
    this.#started = this.#fork().catch((error: unknown) => {
      noteEnded(this as never);
      if (this.#state === 'starting') this.#state = 'closed';
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
    return waitFor(handle.ended, options);
  }

  /** Process id; undefined before the start. */
  get pid(): number | undefined {
    return this.#handle?.pid;
  }

  get isAlive(): boolean {
    if (this.#state !== 'running') return false;
    this.#handle?.poll();
    return this.#handle?.status === undefined;
  }

  /** Null while it runs, and if a signal ended it. */
  get exitCode(): number | null {
    return this.#status()?.exitCode ?? null;
  }

  /** Null while it runs, and if it exited by itself. */
  get signalCode(): NodeJS.Signals | null {
    return this.#status()?.signalCode ?? null;
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
   * Lets go of the process's descriptors. A result that was not received yet is lost: `result` rejects with
   * `ERR_ZYGOTE_CLOSED`.
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
    if (!this.#settled) {
      this.#settled = true;
      this.#reject(
        new ZygoteError('ERR_ZYGOTE_CLOSED', `${this.name} was closed before its result was there: await it before`),
      );
    }
    this.#channel?.close();
    if (this.#state === 'running' && this.#handle?.status) this.#finish(this.#handle.status);
    if (this.#state !== 'foreign') this.#state = 'closed';
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
    const handle = this.#running('send');
    const body = serialize(value);
    handle.poll();
    if (!this.#channel || handle.status) throw this.#hasEnded('cannot be sent anything');
    await this.#channel.send(Kind.message, body);
  }

  /** The child's memory now. One read of `/proc/<pid>/smaps_rollup`: about 1 ms for each 100 MB that is resident. */
  async memory(): Promise<ProcessMemory> {
    const handle = this.#running('memory');
    handle.poll();
    // Its number may be another process's by now.
    if (handle.status) throw this.#hasEnded('has no memory any more');
    return native().processMemory(handle.pid);
  }

  /** Terminates the child if it runs, waits for its end and lets go of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'starting') await this.#started?.catch(() => {});
    if (this.isAlive) this.terminate();
    if (this.#handle && this.#state === 'running') await this.#over;
    this.close();
  }

  /** @internal In a forked child: this is the parent's. */
  abandon(tell: boolean): void {
    this.#state = 'foreign';
    if (tell) {
      this.#giveUp?.(
        new ZygoteError(
          'ERR_ZYGOTE_NOT_A_CHILD',
          `${this.name} was being started by the process that this one is a copy of: it goes on there only`,
        ),
      );
    }
    this.#channel?.close();
    this.#channel = undefined;
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
    const givenUp = new Promise<never>((_, reject) => (this.#giveUp = reject));
    let forked;
    try {
      const fork = forkAtLoopBase({
        strategy,
        keep: [...keep, childs],
        drainTimeout: drainTimeout ?? 2000,
        prepare: prepareHeap ? () => settle(prepareHeap) : undefined,
        child: () => runChild(task),
      });
      forked = await Promise.race([fork, givenUp]);
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
      () => (this.#channel = undefined),
    );
    this.#setRef(this.#keepsAlive);
    void this.#handle.ended.then((status) => this.#end(status));
    this.emit('start');
    return this;
  }

  #receive(kind: Kind, body: Buffer): void {
    if (kind === Kind.message) {
      this.emit('message', deserialize(body));
      return;
    }
    let value;
    try {
      value = kind === Kind.result ? deserialize(body) : deserializeThrown(body);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (kind === Kind.result) this.#succeed(value as Awaited<R>);
    else this.#fail(value);
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

  async #end(status: ExitStatus): Promise<void> {
    // What it wrote last may still be in the channel, whose other end a process that it has started may keep open.
    await this.#channel?.drain();
    this.#channel?.close();
    this.#finish(status);
  }

  #finish(status: ExitStatus): void {
    if (this.#state !== 'running') return;
    this.#state = 'ended';
    noteEnded(this as never);
    this.#setOver();
    if (!this.#settled) this.#fail(new ProcessExitError(this.name, status));
    this.emit('exit', status);
  }

  #setRef(keepsAlive: boolean): this {
    this.#keepsAlive = keepsAlive;
    this.#handle?.setRef(keepsAlive);
    this.#channel?.setRef(keepsAlive);
    return this;
  }

  #status(): ExitStatus | undefined {
    if (this.#state !== 'foreign') this.#handle?.poll();
    return this.#handle?.status;
  }

  #hasEnded(consequence: string): ZygoteError {
    return new ZygoteError('ERR_ZYGOTE_ENDED', `${this.name} has ended and ${consequence}`);
  }

  #running(what: string): ChildHandle {
    if (this.#state === 'foreign') {
      throw new ZygoteError(
        'ERR_ZYGOTE_NOT_A_CHILD',
        `${this.name} was started by the process that this one is a copy of: ${what}() works there only`,
      );
    }
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
