/** The workers of a pool: has them started, and does not try without end where that fails. */
import { type ExitStatus, ProcessExitError, WorkerCrashedError, ZygoteError } from '../errors.js';
import type { StartMethod } from '../start/method.js';
import { Board } from './board.js';
import { boardMemory } from './board-memory.js';
import type { Functions } from './functions.js';
import type { Settings } from './options.js';
import { workerProcess } from './starting.js';
import { type Owner, Worker, type WorkerEnd } from './worker.js';

/** How often in a row a worker may die before it takes tasks, until that is taken for a failure. */
const ATTEMPTS = 3;
/** Milliseconds until the next attempt while other workers go on, doubled with each that fails. */
const PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** A worker that ends so soon without a task has failed, too; ms. */
const SOON = 1000;
/** Milliseconds that a worker has to end by itself, and when it was sent SIGTERM. */
const PATIENCE = { ending: 10_000, terminated: 2000 };

/** Who is told. */
export interface CrewOwner extends Owner {
  /** No worker can be had: why. */
  unavailable(error: unknown): void;
  /** A worker has ended, or another one may be started now. */
  changed(): void;
}

export class Crew {
  readonly workers: Set<Worker> = new Set();
  /** How many there have been. */
  hired = 0;
  readonly #name: string;
  readonly #method: StartMethod;
  readonly #settings: Settings;
  readonly #functions: Functions;
  readonly #owner: CrewOwner;
  /** How many are in no list yet. */
  #hiring = 0;
  /** In a row. */
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  #isDisbanded = false;

  constructor(name: string, method: StartMethod, settings: Settings, functions: Functions, owner: CrewOwner) {
    this.#name = name;
    this.#method = method;
    this.#settings = settings;
    this.#functions = functions;
    this.#owner = owner;
  }

  /** Of those that take tasks or will. */
  get size(): number {
    return this.#hiring + this.#count('starting') + this.#count('ready');
  }

  get starting(): number {
    return this.#hiring + this.#count('starting');
  }

  /** Nobody is left, and nobody comes. */
  get isEmpty(): boolean {
    return this.#hiring === 0 && this.workers.size === 0;
  }

  /** Another attempt has to wait. */
  get isPausing(): boolean {
    return this.#pause !== undefined;
  }

  /** Has one more worker started. */
  hire(): void {
    this.#hiring++;
    void this.#hire(`${this.#name}-Worker-${++this.hired}`);
  }

  /** A worker takes tasks. */
  joined(worker: Worker): void {
    this.#failures = 0;
    if (this.#isDisbanded) this.#dismiss(worker);
  }

  /** Has a worker end when it has done what it has. */
  retire(worker: Worker): void {
    worker.retire();
    this.#insist(worker);
  }

  /** Ends all that there are, and that are being started. */
  disband(): void {
    this.#isDisbanded = true;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    for (const worker of this.workers) this.#dismiss(worker);
  }

  /** A worker has ended. */
  left(worker: Worker, { wasReady, wasAsked, begun, status, cause }: WorkerEnd): void {
    this.workers.delete(worker);
    if (this.#isDisbanded) return;
    if (!wasReady) this.#diedEarly(worker, status, cause);
    else if (!wasAsked && begun.length === 0 && performance.now() - worker.readySince < SOON) this.#rest();
  }

  async #hire(name: string): Promise<void> {
    let worker: Worker | undefined;
    const memory = boardMemory(this.#method);
    try {
      const process = await workerProcess(this.#method, name, this.#settings, this.#functions, memory);
      worker = new Worker(process, new Board(memory?.buffer), this.#owner, {
        allowance: this.#settings.maxTasksPerChild,
        inherits: this.#method === 'fork',
      });
      this.workers.add(worker);
      this.#hiring--;
      process.once('exit', () => memory?.close?.());
      if (this.#isDisbanded) throw new Error('there is no use for it any more');
      await process.start();
      if (this.#isDisbanded) this.#dismiss(worker);
    } catch (error) {
      if (worker) this.workers.delete(worker);
      else this.#hiring--;
      memory?.close?.();
      this.#failed(error);
    }
    this.#owner.changed();
  }

  #dismiss(worker: Worker): void {
    worker.kill('SIGTERM');
    this.#insist(worker);
  }

  /** It may have been asked in vain: a task has left something behind that holds it up. */
  #insist(worker: Worker): void {
    const timer = setTimeout(
      () => {
        if (worker.size === 0 || this.#isDisbanded) worker.kill();
        else this.#insist(worker);
      },
      PATIENCE[this.#isDisbanded ? 'terminated' : 'ending'],
    ).unref();
    worker.process.once('exit', () => clearTimeout(timer));
  }

  #diedEarly(worker: Worker, status: ExitStatus, cause: unknown): void {
    const { initializer } = this.#settings;
    if (cause instanceof ProcessExitError) {
      if (++this.#failures < ATTEMPTS) return;
      this.#failed(new WorkerCrashedError(initializer ? 'initializer' : 'start', status, { cause }));
      return;
    }
    if (!initializer) {
      this.#failed(cause);
      return;
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the initializer of ${this.#name} failed in ${worker.process.name}: ${why}`;
    this.#failed(new ZygoteError('ERR_ZYGOTE_INITIALIZER', message, { cause }));
  }

  #failed(error: unknown): void {
    if (this.#isDisbanded) return;
    if (this.size > 0) {
      this.#rest();
      return;
    }
    // Whoever comes next may try again at once.
    this.#failures = 0;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#owner.unavailable(error);
  }

  #rest(): void {
    if (this.#pause) return;
    const pause = Math.min(PAUSE * 2 ** this.#failures++, LONGEST_PAUSE);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#owner.changed();
    }, pause).unref();
  }

  #count(state: Worker['state']): number {
    let count = 0;
    for (const worker of this.workers) if (worker.state === state) count++;
    return count;
  }
}
