import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { trackWorkers } from '../child/workers.js';
import { type ExitStatus, ProcessExitError, ZygoteError } from '../errors.js';
import { native, type ProcessMemory } from '../native/binding.js';
import { assertStartMethod, getStartMethod, type StartMethod } from '../start/method.js';
import type { Started } from '../start/starter.js';
import { starters } from '../start/starters.js';
import * as pickling from '../transfer/pickle.js';
import { type Body, Channel, isTapped, Kind, type Tap } from './channel.js';
import type { ChildHandle } from './handle.js';
import { Inbox } from './inbox.js';
import { assertChannelAllowed } from './link.js';
import { nextName } from './name.js';
import type { ProcessEvents, ProcessOptions } from './options.js';
import { providePickling } from './pickling.js';
import { noteEnded, noteStarted } from './registry.js';
import { isBootstrapping, thisProcess } from './self.js';
import { signalNumber } from './status.js';
import { waitFor, type WaitOptions } from './waiting.js';

trackWorkers();
providePickling(pickling);

/** `foreign`: this process is a clone of the one that has started it. `current`: it is this very process. */
type State = 'new' | 'starting' | 'running' | 'ended' | 'closed' | 'foreign' | 'current';

/** Signals that do what they do whatever listener there is; 0 is none. */
const AT_ONCE = new Set([0, constants.signals.SIGKILL, constants.signals.SIGSTOP, constants.signals.SIGCONT]);

/** What an EventEmitter and a Process have by themselves: not what a class that extends them has added. */
const OWN_FIELDS = new Set([...Object.keys(new EventEmitter()), 'name', 'daemon']);

/**
 * A function that runs in a process of its own.
 *
 * With the start method `fork` the child is a copy of this process at the moment of the start: the target, its arguments and
 * everything that it can reach are inherited copy-on-write, not serialized. With `forkserver` and `spawn` the target is
 * imported there, by the module and the name that it is exported as, and its arguments are transferred. What the target
 * returns or throws always is.
 *
 * A class that extends it may have a `run` of its own in place of a target. Its instance is inherited, or transferred: the class
 * by its export, the fields by their values.
 *
 * @example
 * const index = buildIndex();
 * const child = await new Process({ target: () => search(index, 'needle') }).start();
 * console.log(await child.result);
 */
export class Process<A extends unknown[] = unknown[], R = unknown> extends EventEmitter<ProcessEvents> {
  /** The start method of a context's class. */
  static readonly method: StartMethod | undefined = undefined;
  readonly name: string;
  readonly daemon: boolean;
  /** Without what only the child needs, once there is one. */
  #options: ProcessOptions<A, R>;
  readonly #result: Promise<Awaited<R>>;
  /** Settles when the child has ended and all that it wrote was read. */
  readonly #over: Promise<void>;
  #setOver!: () => void;
  #resolve!: (value: Awaited<R>) => void;
  #reject!: (error: unknown) => void;
  #state: State = 'new';
  #child: Started | undefined;
  #channel: Channel | undefined;
  readonly #inbox = new Inbox();
  #resultWanted = false;
  #settled = false;
  #keepsAlive = true;
  /** A signal of ours ended it, or may have: its end is no news. */
  #signalled = false;
  #hearsSignals = true;
  readonly #heldSignals: number[] = [];
  #started: Promise<this> | undefined;
  /** Takes what a pool's worker sends. */
  #tap: Tap | undefined;
  /** Ends a start that is under way. */
  #giveUp: ((reason: Error) => void) | undefined;

  constructor(options: ProcessOptions<A, R> = {}) {
    super();
    const { target, name, daemon, method } = options;
    if (target === undefined ? this.run === Process.prototype.run : typeof target !== 'function') {
      throw new ZygoteError(
        'ERR_ZYGOTE_INVALID_ARGUMENT',
        'new Process takes { target }, a function; or extend Process by a class that has a method run()',
      );
    }
    if (method !== undefined) assertStartMethod(method);
    this.#options = options;
    this.name = name ?? nextName(new.target.name);
    this.daemon = daemon ?? thisProcess().daemon;
    this.#over = new Promise((resolve) => (this.#setOver = resolve));
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever wants it takes it by `result`; else a failure is reported in another way, see #fail.
    this.#result.catch(() => {});
  }

  /**
   * What the child does, there: calls the target, unless a class that extends this one does something else. It gets the `args`.
   */
  run(...args: A): R | Promise<R> {
    // Not as a method of the options, which `this` would be then.
    const target = this.#options.target as (...given: A) => R | Promise<R>;
    return target(...args);
  }

  /**
   * Starts the process; settles when the child exists. Can be called once.
   *
   * @throws TransferError if target or arguments have to be transferred and cannot be: there is no child then. ZygoteError
   * `ERR_ZYGOTE_REQUESTS_IN_FLIGHT` if something stays in flight in libuv's thread pool, `ERR_ZYGOTE_FORK_FAILED`,
   * `ERR_ZYGOTE_FORK_TIMEOUT`, `ERR_ZYGOTE_INSPECTOR_OPEN`, `ERR_ZYGOTE_NOT_INHERITABLE`, `ERR_ZYGOTE_SPAWN_FAILED`,
   * `ERR_ZYGOTE_FORKSERVER_LOST`, `ERR_ZYGOTE_BOOTSTRAPPING`, `ERR_ZYGOTE_DAEMON`; StartMethodError where this process cannot
   * be forked.
   */
  start(): Promise<this> {
    try {
      this.#assertStartable();
    } catch (error) {
      // One that has been started has a result to come.
      if (this.#state === 'new') this.#giveUpResult(error);
      return Promise.reject(error);
    }
    this.#state = 'starting';
    noteStarted(this as never);
    this.#started = this.#begin().catch((error: unknown) => {
      noteEnded(this as never);
      if (this.#state === 'starting') this.#state = 'closed';
      this.#giveUpResult(error);
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
    return this.#state === 'current' ? process.pid : this.#child?.handle.pid;
  }

  /** Writes to the child's standard input, with `stdio: ['pipe']`; else null. */
  get stdin(): Writable | null {
    return this.#child?.stdin ?? null;
  }

  /** Reads what the child writes to standard output, with `stdio: ['ignore', 'pipe']`; else null. */
  get stdout(): Readable | null {
    return this.#child?.stdout ?? null;
  }

  /** Reads what the child writes to standard error, with `stdio: ['ignore', 'inherit', 'pipe']`; else null. */
  get stderr(): Readable | null {
    return this.#child?.stderr ?? null;
  }

  get isAlive(): boolean {
    if (this.#state === 'current') return true;
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
    const handle = this.#running('kill');
    const number = signalNumber(signal);
    // Until it has let go of this process's listeners, a clone would take it for one of them.
    if (!this.#hearsSignals && this.isAlive && !AT_ONCE.has(number)) {
      this.#signalled = true;
      this.#heldSignals.push(number);
    } else if (handle.signal(number) && number !== 0) {
      this.#signalled = true;
    }
  }

  /**
   * Lets go of the process's descriptors. A result that was not received yet is lost: `result` rejects with
   * `ERR_ZYGOTE_CLOSED`.
   *
   * @throws ZygoteError `ERR_ZYGOTE_STILL_RUNNING` while the child runs.
   */
  close(): void {
    if (this.#state === 'current') return;
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
    const message = pickling.pickle(value);
    handle.poll();
    if (!this.#channel || handle.status) throw this.#hasEnded('cannot be sent anything');
    await this.#channel.send(Kind.message, message);
  }

  /** The child's memory now. One read of `/proc/<pid>/smaps_rollup`: about 1 ms for each 100 MB that is resident. */
  async memory(): Promise<ProcessMemory> {
    if (this.#state === 'current') return native().processMemory(process.pid);
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

  /** @internal What a pool's worker sends goes to `tap`. To be called before the start. */
  tap(tap: Tap): void {
    this.#tap = tap;
  }

  /** @internal Sends to a pool's worker; nothing happens if that has ended. */
  post(kind: Kind, segments: Uint8Array[]): void {
    this.#channel?.post(kind, segments);
  }

  /** @internal Makes the object that stands for this very process, without calling the constructors of other classes. */
  static revive(
    Class: typeof Process,
    options: ProcessOptions<unknown[], unknown>,
    fields: Record<string, unknown>,
  ): Process {
    const { name, daemon } = thisProcess();
    const target = options.target ?? (() => {});
    const revived = Reflect.construct(Process, [{ ...options, target, name, daemon }], Class);
    Object.assign(revived, fields);
    revived.#state = 'current';
    current = revived;
    return revived;
  }

  #giveUpResult(error: unknown): void {
    this.#settled = true;
    this.#reject(error);
  }

  #assertStartable(): void {
    if (this.#state === 'current') {
      throw new ZygoteError('ERR_ZYGOTE_ALREADY_STARTED', `${this.name} is this process; make a new Process`);
    }
    if (this.#state !== 'new') {
      throw new ZygoteError('ERR_ZYGOTE_ALREADY_STARTED', `${this.name} has been started; make a new Process`);
    }
    if (isBootstrapping()) {
      throw new ZygoteError(
        'ERR_ZYGOTE_BOOTSTRAPPING',
        `${this.name} was to be started while this process, itself a child, is importing its modules: each child would start ` +
          'further ones, without end. Start processes from a module only where it is the main one: ' +
          'if (isMainProcess) { … }, with isMainProcess from zygote',
      );
    }
    if (thisProcess().daemon && !this.daemon) {
      throw new ZygoteError(
        'ERR_ZYGOTE_DAEMON',
        `${thisProcess().name} is a daemon, which ends with its parent: its children must be daemons too, and ${this.name} is not`,
      );
    }
  }

  async #begin(): Promise<this> {
    assertChannelAllowed();
    const started = await this.#launch(this.#method());
    this.#hearsSignals = started.hearsSignals;
    this.#state = 'running';
    this.#options = {};
    this.#child = started;
    this.#channel = new Channel(
      started.channel,
      (kind, body) => this.#receive(kind, body),
      () => {
        this.#channel = undefined;
        this.#tap?.end();
      },
    );
    this.#setRef(this.#keepsAlive);
    void started.handle.ended.then((status) => this.#end(status));
    this.emit('start');
    return this;
  }

  /** Apart, so that nothing of what the child gets is held by what lives longer here. */
  #launch(method: StartMethod): Promise<Started> {
    const { target, args = [] as unknown as A } = this.#options;
    return starters[method]({
      name: this.name,
      daemon: this.daemon,
      options: this.#options,
      run: () => {
        this.#state = 'current';
        current = this as unknown as Process;
        return this.run(...args);
      },
      task: { target, args, ...this.#subclass() },
      givenUp: new Promise<never>((_, reject) => (this.#giveUp = reject)),
    });
  }

  #method(): StartMethod {
    const { method } = this.constructor as typeof Process;
    return this.#options.method ?? method ?? getStartMethod();
  }

  #subclass(): { subclass?: { Class: unknown; fields: Record<string, unknown> } } {
    if (this.run === Process.prototype.run) return {};
    const fields = Object.fromEntries(Object.entries(this).filter(([key]) => !OWN_FIELDS.has(key)));
    return { subclass: { Class: this.constructor, fields } };
  }

  get #handle(): ChildHandle | undefined {
    return this.#child?.handle;
  }

  #receive(kind: Kind, body: Body): void {
    if (isTapped(kind)) {
      this.#tap?.receive(kind, body);
      return;
    }
    if (kind === Kind.hello) {
      this.#hearsSignals = true;
      for (const signal of this.#heldSignals.splice(0)) this.#child?.handle.signal(signal);
      return;
    }
    this.#inbox.take(
      body,
      (value) => {
        if (kind === Kind.message) this.emit('message', value);
        else if (kind === Kind.result) this.#succeed(value as Awaited<R>);
        else this.#fail(value);
      },
      (error) => {
        if (kind === Kind.message) this.#report(error);
        else this.#fail(error);
      },
    );
  }

  #succeed(value: Awaited<R>): void {
    this.#settled = true;
    this.#resolve(value);
  }

  #fail(error: unknown): void {
    this.#settled = true;
    this.#reject(error);
    if (this.listenerCount('error') > 0 || (!this.#resultWanted && !this.#signalled)) this.#report(error);
  }

  /** Where nobody is listening, it is at least said: as Python does. */
  #report(error: unknown): void {
    if (this.listenerCount('error') > 0) {
      this.emit('error', error);
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${this.name}: ${text}\n`);
  }

  async #end(status: ExitStatus): Promise<void> {
    // What it wrote last may still be in the channel, whose other end a process that it has started may keep open.
    await this.#channel?.drain();
    await this.#inbox.idle();
    this.#channel?.close();
    const lastOutput = this.#settled ? undefined : await this.#child?.lastOutput?.();
    this.#finish(status, lastOutput);
  }

  #finish(status: ExitStatus, lastOutput?: string): void {
    if (this.#state !== 'running') return;
    this.#state = 'ended';
    noteEnded(this as never);
    this.#setOver();
    if (!this.#settled) this.#fail(new ProcessExitError(this.name, status, lastOutput ? { lastOutput } : {}));
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
    if (this.#state === 'current') {
      throw new ZygoteError(
        'ERR_ZYGOTE_NOT_A_CHILD',
        `${this.name} is this very process: ${what}() is for its parent. See parentProcess() for what a child can do`,
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

let current: Process | undefined;

/** The object that stands for this process: in a child the one that was started, in the main process one of its own. */
export function currentProcess(): Process {
  return current ?? Process.revive(Process, {}, {});
}
