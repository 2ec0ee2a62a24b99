/** Keeps one job running. */
import { type ExitStatus, ZygoteError } from '../errors.js';
import { Process } from '../process/process.js';
import type { Clock } from './clock.js';
import type { Job, JobExit, JobState, JobStatus, StopPolicy } from './options.js';
import { type CompletePolicy, waitBefore } from './policy.js';

type AnyProcess = Process<never[]>;

/** A job as its runner needs it. */
export interface Assignment {
  name: string;
  job: Job;
  policy: CompletePolicy;
  stop: Required<StopPolicy>;
  clock: Clock;
}

/** What a runner tells, while it is in a state from which it can be told anything. */
export interface RunnerListener {
  onStart(pid: number): void;
  onExit(exit: JobExit): void;
  onRestart(restart: { attempt: number; delay: number }): void;
  onGiveUp(error: ZygoteError): void;
  /** It does nothing any more unless it is told to. */
  onSettled(): void;
}

/** States in which nothing happens by itself. */
const SETTLED: ReadonlySet<JobState> = new Set(['idle', 'stopped', 'finished', 'failed']);

export class Runner {
  #state: JobState = 'idle';
  #process: AnyProcess | undefined;
  /** Settles when the process that runs, or is being started, has ended and was dealt with. */
  #over: Promise<void> | undefined;
  #startedAt = 0;
  #restarts = 0;
  /** Restarts since it was stable. */
  #attempt = 0;
  /** When it was started again, within the time that counts. */
  readonly #recent: number[] = [];
  #lastExit: JobExit | undefined;
  #cancelWait: (() => void) | undefined;
  #waitEnds = 0;

  /** @throws ZygoteError for a job that no process can be made of. */
  constructor(
    private readonly assignment: Assignment,
    private readonly listener: RunnerListener,
  ) {
    this.#make();
  }

  get isSettled(): boolean {
    return SETTLED.has(this.#state);
  }

  /** The one that runs now. */
  get process(): AnyProcess | undefined {
    return this.#state === 'running' || this.#state === 'stopping' ? this.#process : undefined;
  }

  get status(): JobStatus {
    const now = this.assignment.clock.now();
    return {
      state: this.#state,
      pid: this.process?.pid,
      restarts: this.#restarts,
      uptime: this.#state === 'running' ? now - this.#startedAt : undefined,
      restartIn: this.#state === 'waiting' ? Math.max(0, this.#waitEnds - now) : undefined,
      lastExit: this.#lastExit,
    };
  }

  /** Starts it where it does not run; resolves when it does, or could not be started. */
  async start(): Promise<void> {
    // One that is being ended is started when it has.
    while (this.#state === 'stopping') await this.#over;
    if (!this.isSettled) return;
    this.#attempt = 0;
    this.#recent.length = 0;
    await this.#launch();
  }

  /** Ends it, if need be by force, and waits for that. */
  async stop(): Promise<void> {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    if (this.#state === 'waiting') {
      this.#settle('stopped');
    } else if (this.#state === 'starting' || this.#state === 'running') {
      const wasRunning = this.#state === 'running';
      this.#state = 'stopping';
      if (wasRunning) this.#askToEnd();
    }
    await this.#over;
    if (this.#state === 'idle') this.#settle('stopped');
  }

  async #launch(): Promise<void> {
    this.#state = 'starting';
    const child = this.#make();
    this.#process = child;
    // Taken here, so that a failure is told by an event, and not printed.
    const { result } = child;
    let refusal: { error: unknown } | undefined;
    const start = child.start().catch((error: unknown) => (refusal = { error }));
    let setOver: () => void = () => {};
    this.#over = new Promise((resolve) => (setOver = resolve));
    await start;
    this.#startedAt = this.assignment.clock.now();
    if (refusal) {
      this.#ended({ exitCode: null, signalCode: null, error: refusal.error, ran: 0 });
      setOver();
      return;
    }
    // It may have been stopped meanwhile.
    if (this.#stateNow() === 'stopping') this.#askToEnd();
    else this.#state = 'running';
    void this.#watch(child, result).then(setOver);
    this.listener.onStart(child.pid as number);
  }

  async #watch(child: AnyProcess, result: Promise<unknown>): Promise<void> {
    const failure = await result.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const status = (await child.join()) as ExitStatus;
    child.close();
    this.#ended({ ...status, ...failure, ran: this.assignment.clock.now() - this.#startedAt });
  }

  /** The process has ended, or there was none. */
  #ended(exit: JobExit): void {
    const { policy, name } = this.assignment;
    this.#process = undefined;
    this.#lastExit = exit;
    const wasStopped = this.#state === 'stopping';
    const again = !wasStopped && (policy.restart === 'always' || (policy.restart === 'on-failure' && isFailure(exit)));
    if (exit.ran >= policy.stableAfter) this.#attempt = 0;
    const error = again ? this.#tooMany(name, exit) : undefined;
    if (again && !error) {
      // The state is complete when listeners hear of it: they may stop it.
      const restart = this.#wait();
      this.listener.onExit(exit);
      if (this.#stateNow() === 'waiting') this.listener.onRestart(restart);
      return;
    }
    this.#state = wasStopped ? 'stopped' : error ? 'failed' : 'finished';
    this.listener.onExit(exit);
    if (error) this.listener.onGiveUp(error);
    if (this.isSettled) this.listener.onSettled();
  }

  #wait(): { attempt: number; delay: number } {
    const { policy, clock } = this.assignment;
    this.#attempt++;
    const delay = waitBefore(this.#attempt, policy.backoff);
    this.#state = 'waiting';
    this.#waitEnds = clock.now() + delay;
    this.#cancelWait = clock.after(delay, () => {
      this.#cancelWait = undefined;
      this.#restarts++;
      this.#recent.push(clock.now());
      void this.#launch();
    });
    return { attempt: this.#attempt, delay };
  }

  #tooMany(name: string, exit: JobExit): ZygoteError | undefined {
    const { maxRestarts, within } = this.assignment.policy;
    const since = this.assignment.clock.now() - within;
    while (this.#recent.length > 0 && (this.#recent[0] as number) < since) this.#recent.shift();
    if (this.#recent.length < maxRestarts) return undefined;
    const times = maxRestarts === 1 ? 'once' : `${maxRestarts} times`;
    return new ZygoteError(
      'ERR_ZYGOTE_GAVE_UP',
      `the job ${name} was started again ${times} within ${within} ms and has ended again: it ${inWords(exit)}. It is not started ` +
        'any more: see the cause, then call restart() with its name',
      { cause: exit.error },
    );
  }

  /** The signal; and by force if that does not help in time. */
  #askToEnd(): void {
    const child = this.#process as AnyProcess;
    const { stop, clock } = this.assignment;
    child.kill(stop.stopSignal);
    const cancel = clock.after(stop.grace, () => child.kill('SIGKILL'));
    void this.#over?.then(cancel);
  }

  #settle(state: JobState): void {
    this.#state = state;
    this.listener.onSettled();
  }

  #make(): AnyProcess {
    const { name, job } = this.assignment;
    return new Process({ daemon: true, ...job, args: job.args as never[], name });
  }

  /** It changes while something is awaited. */
  #stateNow(): JobState {
    return this.#state;
  }
}

/** Whoever exits with code 0 has wanted to. */
export function isFailure({ exitCode }: JobExit): boolean {
  return exitCode !== 0;
}

function inWords({ exitCode, signalCode }: JobExit): string {
  if (signalCode !== null) return `was ended by ${signalCode}`;
  return exitCode === null ? 'could not be started' : `exited with code ${exitCode}`;
}
