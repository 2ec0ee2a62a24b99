import { EventEmitter } from 'node:events';
import { ZygoteError } from '../errors.js';
import { waitFor, type WaitOptions } from '../process/waiting.js';
import { systemClock } from './clock.js';
import type { Job, JobStatus, SupervisorEvents, SupervisorOptions } from './options.js';
import { assertRange, completePolicy, defined, invalid } from './policy.js';
import type { Process } from '../process/process.js';
import { isFailure, Runner } from './runner.js';

/**
 * Keeps named jobs running: each in a process of its own, by any start method, started again when it ends, whatever ended it. Waits
 * longer each time between restarts, and gives up when there are too many.
 *
 * Jobs are daemons unless they say otherwise: they end with this process, whatever ends it.
 *
 * @example
 * await using supervisor = new Supervisor({ mail: { target: sendMail }, feed: { target: watch, args: [url], restart: 'on-failure' } });
 * supervisor.on('giveUp', (name, error) => alert(name, error));
 * await supervisor.start();
 */
export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly #options: SupervisorOptions;
  readonly #runners = new Map<string, Runner>();
  #isStarted = false;
  readonly #waiting = new Set<() => void>();

  /** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` for what no job can be made of. */
  constructor(jobs: Record<string, Job> = {}, options: SupervisorOptions = {}) {
    super();
    this.#options = options;
    for (const [name, job] of Object.entries(jobs)) this.#make(name, job);
  }

  /** Starts all jobs that do not run. Resolves when each runs, or could not be started and waits for its next time. */
  async start(): Promise<this> {
    this.#isStarted = true;
    await Promise.all(Array.from(this.#runners.values(), (runner) => runner.start()));
    return this;
  }

  /**
   * Ends all jobs: by their stop signal and, where that does not help within their grace, by SIGKILL. Resolves when all have ended.
   * They can be started again.
   */
  async stop(): Promise<void> {
    this.#isStarted = false;
    await Promise.all(Array.from(this.#runners.values(), (runner) => runner.stop()));
  }

  /** Ends a job as `stop` does and starts it anew, also one that had been given up or stopped. That counts as no restart. */
  async restart(name: string): Promise<void> {
    const runner = this.#runner(name);
    await runner.stop();
    await runner.start();
  }

  /**
   * Adds a job. It is started if the supervisor is; resolves as `start` does.
   *
   * @throws ZygoteError `ERR_ZYGOTE_JOB_EXISTS`, `ERR_ZYGOTE_INVALID_ARGUMENT`.
   */
  async add(name: string, job: Job): Promise<void> {
    const runner = this.#make(name, job);
    if (this.#isStarted) await runner.start();
  }

  /** Ends a job as `stop` does and forgets it. */
  async remove(name: string): Promise<void> {
    const runner = this.#runner(name);
    await runner.stop();
    if (this.#runners.get(name) === runner) this.#runners.delete(name);
    this.#tellSettled();
  }

  /** What each job is doing, by its name; with a name, that one. */
  status(): Record<string, JobStatus>;
  status(name: string): JobStatus;
  status(name?: string): JobStatus | Record<string, JobStatus> {
    if (name !== undefined) return this.#runner(name).status;
    return Object.fromEntries(Array.from(this.#runners, ([key, runner]) => [key, runner.status]));
  }

  /** The process in which a job runs now, for messages to it and its streams; undefined while there is none. */
  process(name: string): Process<never[]> | undefined {
    return this.#runner(name).process;
  }

  /** Waits until no job runs nor will run by itself: all have finished, were stopped or given up. False after the timeout. */
  async join(options: WaitOptions = {}): Promise<boolean> {
    if (this.#isSettled()) return true;
    let settled: () => void = () => {};
    const all = new Promise<true>((resolve) => (settled = () => resolve(true)));
    this.#waiting.add(settled);
    try {
      return (await waitFor(all, options)) ?? false;
    } finally {
      this.#waiting.delete(settled);
    }
  }

  /** As `stop`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #make(name: string, job: Job): Runner {
    if (this.#runners.has(name)) {
      throw new ZygoteError(
        'ERR_ZYGOTE_JOB_EXISTS',
        `there is a job ${name} already: remove() it before, or add another name`,
      );
    }
    if (typeof job !== 'object' || job === null) throw invalid(`the job ${name} must be an object with a target`);
    const { restart, backoff, maxRestarts, within, stableAfter, stopSignal, grace, ...rest } = job;
    const given = defined({ restart, backoff, maxRestarts, within, stableAfter });
    const policy = completePolicy(given, this.#options);
    const stop = {
      stopSignal: 'SIGTERM',
      grace: 5000,
      ...defined(pickStop(this.#options)),
      ...defined({ stopSignal, grace }),
    } as const;
    assertRange('grace', stop.grace, 0);
    const { clock = systemClock } = this.#options;
    const runner: Runner = new Runner(
      { name, job: rest, policy, stop, clock },
      {
        onStart: (pid) => this.#tell('start', name, pid),
        onExit: (exit) => {
          const heard = this.#tell('exit', name, exit);
          if (!heard && isFailure(exit) && runner.status.state !== 'stopped') say(name, exit.error);
        },
        onRestart: (again) => this.#tell('restart', name, again),
        onGiveUp: (error) => {
          if (!this.#tell('giveUp', name, error)) say(name, error);
        },
        onSettled: () => this.#tellSettled(),
      },
    );
    this.#runners.set(name, runner);
    return runner;
  }

  #runner(name: string): Runner {
    const found = this.#runners.get(name);
    if (found) return found;
    const names = [...this.#runners.keys()].join(', ');
    throw new ZygoteError('ERR_ZYGOTE_NO_SUCH_JOB', `there is no job ${name}; there is: ${names || 'none'}`);
  }

  /** False if nobody listens. What a listener throws is uncaught, as from any event, but does not keep a job from being started again. */
  #tell<E extends keyof SupervisorEvents>(event: E, ...what: SupervisorEvents[E]): boolean {
    try {
      return this.emit(event, ...(what as never));
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
      return true;
    }
  }

  #isSettled(): boolean {
    return [...this.#runners.values()].every((runner) => runner.isSettled);
  }

  #tellSettled(): void {
    if (this.#isSettled()) for (const settled of this.#waiting) settled();
  }
}

function pickStop({ stopSignal, grace }: SupervisorOptions): Pick<SupervisorOptions, 'stopSignal' | 'grace'> {
  return { stopSignal, grace } as Pick<SupervisorOptions, 'stopSignal' | 'grace'>;
}

/** What nobody listens for is at least said. */
function say(name: string, error: unknown): void {
  process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
