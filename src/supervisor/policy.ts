/** When a job is started again. */
import { ZygoteError } from '../errors.js';

/** After every end, after a failing one (an exit code that is not 0, a signal, an error, a start that fails), or never. */
export type RestartWhen = 'always' | 'on-failure' | 'never';

/** How long to wait before a restart. */
export interface Backoff {
  /** Before the first, in ms. Default 100. */
  initial?: number;
  /** Each is so many times as long as the one before. Default 2. */
  factor?: number;
  /** The longest, in ms. Default 30,000. */
  max?: number;
  /** The part of each, from 0 to 1, that is drawn at random, so that jobs that failed together do not return together. Default 0. */
  jitter?: number;
}

export interface RestartPolicy {
  /** Default `always`: jobs are meant to run for ever. */
  restart?: RestartWhen;
  backoff?: Backoff;
  /** After so many restarts `within` a time the next end is final. Default 10; Infinity never gives up. */
  maxRestarts?: number;
  /** The time in which restarts are counted, in ms. Default 60,000. */
  within?: number;
  /** A job that has run for so long, in ms, begins with the first wait again. Default 10,000. */
  stableAfter?: number;
}

/** Complete, and checked. */
export interface CompletePolicy extends Required<Omit<RestartPolicy, 'backoff'>> {
  backoff: Required<Backoff>;
}

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function completePolicy(given: RestartPolicy, base: RestartPolicy = {}): CompletePolicy {
  const {
    restart = 'always',
    maxRestarts = 10,
    within = 60_000,
    stableAfter = 10_000,
  } = { ...base, ...defined(given) };
  const backoff = { initial: 100, factor: 2, max: 30_000, jitter: 0, ...base.backoff, ...given.backoff };
  if (!['always', 'on-failure', 'never'].includes(restart)) {
    throw invalid(`restart is 'always', 'on-failure' or 'never', not ${JSON.stringify(restart)}`);
  }
  assertRange('maxRestarts', maxRestarts, 0);
  assertRange('within', within, 0);
  assertRange('stableAfter', stableAfter, 0);
  assertRange('backoff.initial', backoff.initial, 0);
  assertRange('backoff.factor', backoff.factor, 1);
  assertRange('backoff.max', backoff.max, 0);
  assertRange('backoff.jitter', backoff.jitter, 0, 1);
  return { restart, backoff, maxRestarts, within, stableAfter };
}

/** The wait before the restart number `attempt`, from 1; ms. */
export function waitBefore(attempt: number, { initial, factor, max, jitter }: Required<Backoff>): number {
  const full = Math.min(max, initial * factor ** (attempt - 1));
  return full * (1 - jitter * Math.random());
}

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function assertRange(name: string, value: unknown, least: number, most: number = Infinity): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  const range = most === Infinity ? `at least ${least}` : `from ${least} to ${most}`;
  throw invalid(`${name} must be a number, ${range}, not ${String(value)}`);
}

export function invalid(message: string): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', message);
}

/** Without what was given as undefined. */
export function defined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}
