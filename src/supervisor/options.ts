/** What a supervisor is told, and what it tells. */
import type { ExitStatus } from '../errors.js';
import type { ProcessOptions } from '../process/options.js';
import type { Clock } from './clock.js';
import type { RestartPolicy } from './policy.js';

/** How to end a job. */
export interface StopPolicy {
  /** The signal that asks it to end. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** How long it may take then before it is killed, in ms. Default 5,000. */
  grace?: number;
}

/** What goes for all jobs that do not say otherwise. */
export interface SupervisorOptions extends RestartPolicy, StopPolicy {
  /** The time to go by. Default: the system's. */
  clock?: Clock;
}

/** A job: a process as `Process` takes it, and where it wants other policies than its supervisor's. Its name is its key. */
export interface Job
  extends Omit<ProcessOptions<never[], unknown>, 'name' | 'target' | 'args'>, RestartPolicy, StopPolicy {
  target: (...args: never[]) => unknown;
  args?: readonly unknown[];
}

/**
 * `idle`: not started. `waiting`: it has ended, and is started again after a wait. `stopped`: by the user. `finished`: it has ended,
 * and its policy does not start it again. `failed`: it was given up.
 */
export type JobState = 'idle' | 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped' | 'finished' | 'failed';

/** How a job has ended: both codes are null if it could not be started. */
export interface JobExit extends ExitStatus {
  /** What it threw, or why it could not be started, or a ProcessExitError; undefined if its target has returned. */
  error?: unknown;
  /** How long it has run, in ms. */
  ran: number;
}

/** What a job is doing. */
export interface JobStatus {
  state: JobState;
  /** Process id, while it runs. */
  pid: number | undefined;
  /** How often it was started again in its life, by policy. */
  restarts: number;
  /** How long it has been running, in ms; while it runs. */
  uptime: number | undefined;
  /** Until the next start, in ms; while it waits. */
  restartIn: number | undefined;
  lastExit: JobExit | undefined;
}

export interface SupervisorEvents {
  /** A job runs. */
  start: [name: string, pid: number];
  /** A job has ended, or could not be started. */
  exit: [name: string, exit: JobExit];
  /** It will be started again: the how manieth time since it was stable, and after how many ms. */
  restart: [name: string, restart: { attempt: number; delay: number }];
  /** It has ended too often, and is not started any more. */
  giveUp: [name: string, error: Error];
}
