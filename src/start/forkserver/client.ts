/** One forkserver as its owner sees it, from its start to its end. */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type ExitStatus, ZygoteError } from '../../errors.js';
import { native } from '../../native/binding.js';
import { OwnChild } from '../../process/reaper.js';
import { unpickle } from '../../transfer/pickle.js';
import { nodeArguments } from '../exec-argv.js';
import { LastOutput } from '../last-output.js';
import { programUrl } from '../program.js';
import { obstacle, SINGLE_THREADED_FLAGS } from '../strategy.js';
import { Control } from './control.js';
import type { OnPreloadError, Reply, Request, ServerTask } from './protocol.js';

const ENTRY = fileURLToPath(programUrl('start/forkserver/server'));
/** Requests that have no answer yet: what the server is sent waits in a socket of limited size. */
const MOST_AT_ONCE = 32;

/** What to preload, and what to do where that fails. */
export interface Preload {
  modules: string[];
  onError: OnPreloadError;
}

interface Pending {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

type Unnumbered<R> = R extends Request ? Omit<R, 'id'> : never;

export class ForkServer {
  /** Its children are its own, and it has to tell how they end; else they are its owner's. */
  readonly relays: boolean;
  /** The environment that it was started with. */
  readonly env: Record<string, string>;
  /** Settles when it has preloaded everything; rejects if it cannot, or has ended. */
  readonly ready: Promise<void>;
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  #control!: Control<Reply>;
  /** Settles when nothing more can come from it or its clones. */
  readonly #drained: Promise<void>;
  readonly #lastOutput: LastOutput;
  readonly #pending = new Map<number, Pending>();
  readonly #queue: (() => void)[] = [];
  /** How the server's own children have ended. */
  readonly #ends = new Map<number, (status: ExitStatus) => void>();
  readonly #earlyEnds = new Map<number, ExitStatus>();
  /** Clones that wait: children of this process, which has to reap them. */
  readonly #clones = new Map<number, OwnChild>();
  /** Clones that were heard of once, from themselves or from the server. */
  readonly #heard = new Set<number>();
  /** Clones that were taken before they were heard of: the server has ended, so their ids are nobody else's. */
  readonly #taken = new Set<number>();
  #setReady!: () => void;
  #setFailed!: (error: unknown) => void;
  #isReady = false;
  #isUsable = true;
  #nextId = 1;
  /** Somebody waits for it. */
  #users = 0;

  constructor({ modules, onError }: Preload) {
    this.relays = process.env['ZYGOTE_FORK_STRATEGY'] === 'single-threaded' || obstacle('all-threads') !== undefined;
    this.env = { ...process.env } as Record<string, string>;
    if (this.relays) this.env['ZYGOTE_FORK_STRATEGY'] = 'single-threaded';
    const task: ServerTask = { preload: modules, onError, base: process.cwd(), singleThreaded: this.relays };
    const [own, servers] = native().socketPair();
    const flags = [...(this.relays ? SINGLE_THREADED_FLAGS : []), '--experimental-import-meta-resolve'];
    const { spawn } = process.getBuiltinModule('node:child_process');
    this.#process = spawn(process.execPath, [...nodeArguments(), ...flags, ENTRY, JSON.stringify(task)], {
      env: this.env,
      // Until it is ready its standard error comes by here: should it die, its last words are known.
      stdio: ['ignore', 1, 'pipe', servers, 2],
    });
    native().closeDescriptor(servers);
    this.#lastOutput = new LastOutput(this.#process.stderr as Socket, process.stderr);
    this.ready = new Promise((resolve, reject) => {
      this.#setReady = resolve;
      this.#setFailed = reject;
    });
    this.ready.catch(() => {});
    // Its end is told by the process.
    // Its other end is also that of clones that have something to tell, should the server be gone.
    this.#drained = new Promise((resolve) => {
      const onEnd = (): void => {
        this.#isUsable = false;
        resolve();
      };
      this.#control = new Control(own, (reply) => this.#receive(reply), onEnd);
    });
    this.ended = endOf(this.#process).then((how) => this.#end(how));
    this.#use(0);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** False once it has ended or is about to. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws ZygoteError `ERR_ZYGOTE_FORKSERVER_LOST` if the server ends before it has answered; what it answers if it refuses.
   */
  async ask(request: Unnumbered<Request>, descriptors: number[] = []): Promise<Reply> {
    this.#use(1);
    try {
      // Where nothing is in the way it is sent before this returns.
      if (!this.#isReady) await this.ready;
      if (this.#pending.size >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve));
      return await this.#send(request, descriptors);
    } finally {
      this.#queue.shift()?.();
      this.#use(-1);
    }
  }

  #send(request: Unnumbered<Request>, descriptors: number[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (!this.#isUsable) throw this.#lost('has ended');
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      try {
        this.#control.send({ ...request, id }, descriptors);
      } catch (error) {
        // Gone, which its end will tell.
        if (isBrokenPipe(error)) return;
        this.#pending.delete(id);
        throw error;
      }
    });
  }

  /** The child that a clone has become. */
  take(pid: number): OwnChild {
    const clone = this.#clones.get(pid);
    if (!this.#clones.delete(pid)) this.#taken.add(pid);
    return clone ?? new OwnChild(pid, native().openPidfd(pid));
  }

  /** How a child of the server's has ended; with `keepsAlive` counted as a user until then. */
  endOf(pid: number, otherwise: Promise<ExitStatus>): Promise<ExitStatus> {
    const early = this.#earlyEnds.get(pid);
    this.#earlyEnds.delete(pid);
    if (early) return Promise.resolve(early);
    const told = new Promise<ExitStatus>((resolve) => this.#ends.set(pid, resolve));
    return Promise.race([told, this.ended.then(() => otherwise)]);
  }

  /** Counts somebody who waits for news of it, or no more: meanwhile it keeps this process alive. */
  use(by: 1 | -1): void {
    this.#use(by);
  }

  /** Ends it. Its children go on. */
  async stop(): Promise<void> {
    this.#use(1);
    try {
      if (this.#isUsable) this.#control.send({ kind: 'stop' });
    } catch (error) {
      if (!isBrokenPipe(error)) throw error;
    }
    this.#isUsable = false;
    await this.ended;
    await this.#drained;
    // They end when they see that the server has.
    await Promise.all(
      [...this.#clones.values()].map((clone) => {
        clone.setRef(true);
        return clone.ended;
      }),
    );
  }

  /** In a clone of the owner, which has no such server. */
  forget(): void {
    this.#isUsable = false;
    this.#process.removeAllListeners();
    this.#control.close();
  }

  #use(by: 1 | -1 | 0): void {
    this.#users += by;
    const keepsAlive = this.#users > 0;
    this.#control.setRef(keepsAlive);
    if (keepsAlive) this.#process.ref();
    else this.#process.unref();
    const stderr = this.#process.stderr as Socket;
    // From then on nothing comes by there.
    if (this.#isReady || stderr.destroyed) return;
    if (keepsAlive) stderr.ref();
    else stderr.unref();
  }

  #receive(reply: Reply): void {
    switch (reply.kind) {
      case 'ready':
        if (this.#process.stderr?.destroyed === false) (this.#process.stderr as Socket).unref();
        this.#isReady = true;
        this.#setReady();
        return;
      case 'failed':
        this.#isUsable = false;
        this.#setFailed(preloadError(reply.module, decode(reply.error)));
        return;
      case 'waiting':
        this.#addClone(reply.pid);
        return;
      case 'ended': {
        const { pid, exitCode, signalCode } = reply;
        const tell = this.#ends.get(pid);
        this.#ends.delete(pid);
        if (tell) tell({ exitCode, signalCode });
        else this.#earlyEnds.set(pid, { exitCode, signalCode });
        return;
      }
      case 'forked':
      case 'preloaded':
      case 'refused': {
        const pending = this.#pending.get(reply.id);
        this.#pending.delete(reply.id);
        if (reply.kind === 'refused') pending?.reject(decode(reply.error));
        else pending?.resolve(reply);
      }
    }
  }

  #addClone(pid: number): void {
    if (this.#taken.has(pid) || this.#heard.delete(pid)) return;
    this.#heard.add(pid);
    const clone = new OwnChild(pid, native().openPidfd(pid));
    clone.setRef(false);
    // Also when it has ended: it may be taken only then.
    this.#clones.set(pid, clone);
  }

  async #end(how: string): Promise<void> {
    this.#isUsable = false;
    const said = this.#isReady ? '' : await this.#lastOutput.text();
    const error = this.#lost(`${how}${said && `. Its last words on stderr:\n${said}`}`);
    this.#setFailed(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    for (const proceed of this.#queue.splice(0)) proceed();
  }

  #lost(how: string): ZygoteError {
    const message = `the forkserver (process ${this.pid ?? 'unknown'}) ${how}. The next start brings up a new one`;
    return new ZygoteError('ERR_ZYGOTE_FORKSERVER_LOST', message);
  }
}

/** In words. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
    });
  });
}

function isBrokenPipe(error: unknown): boolean {
  return /os error (32|104)|Broken pipe|Connection reset/.test(String(error));
}

function preloadError(module: string, cause: unknown): ZygoteError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ZygoteError('ERR_ZYGOTE_PRELOAD', `the forkserver cannot preload ${module}: ${reason}`, { cause });
}

function decode(error: string): unknown {
  try {
    const value = unpickle({ segments: [new Uint8Array(Buffer.from(error, 'base64'))], descriptors: [] });
    // Its class may be in a module that this process has not imported: then its description will do.
    return value instanceof Promise ? new Error('it refused') : value;
  } catch (cause) {
    return cause;
  }
}
