/** For the programs of this folder: they run on every system, as far as what they test exists there. */
import { appendFileSync } from 'node:fs';
import { isMainProcess, Process, type ProcessOptions, setStartMethod, type StartMethod } from 'zygote';
import { RECORDS } from '../../helpers/report.js';

export { isReported, until } from '../../helpers/report.js';

/** Reports something to the spec. Lines of several processes do not mix: they are appended whole. */
export function report(what: string, value: unknown = null): void {
  const file = process.env[RECORDS];
  if (file) appendFileSync(file, `${JSON.stringify({ pid: process.pid, what, value })}\n`);
}

/**
 * In the main process runs the scenario that the first argument names, with the start method that the second one names. The
 * module is imported by spawned children, too, and is then only where they find their targets.
 */
export async function main(scenarios: Record<string, () => unknown>): Promise<void> {
  if (!isMainProcess) return;
  const [name = '', method] = process.argv.slice(2);
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`no scenario "${name}"`);
  if (method) setStartMethod(method as StartMethod);
  await scenario();
}

/** The start method that this program was called with: also where it was not to be set. */
export function givenMethod(): StartMethod {
  return (process.argv[3] || process.argv[4]) as StartMethod;
}

export function start<A extends unknown[], R>(
  target: (...args: A) => R | Promise<R>,
  options: Omit<ProcessOptions<A, R>, 'target'> = {},
): Promise<Process<A, R>> {
  return new Process<A, R>({ ...options, target }).start();
}

/** A target that never ends by itself, but when a program has failed. */
export function last(): Promise<never> {
  const parent = process.ppid;
  return new Promise(() => void setInterval(() => process.ppid === parent || process.exit(99), 100));
}

/** What came of something, in a form that can be reported. */
export interface Caught {
  value?: unknown;
  /** Something thrown that is no error. */
  thrown?: unknown;
  class?: string;
  name?: string;
  code?: string;
  message?: string;
  stack?: string;
  exitCode?: number | null;
  signalCode?: string | null;
  path?: string;
  reason?: string;
  lastOutput?: string;
  cause?: Caught;
  errors?: Caught[];
}

export async function caught(promise: Promise<unknown> | (() => unknown)): Promise<Caught> {
  try {
    return { value: await (typeof promise === 'function' ? promise() : promise) };
  } catch (error) {
    return describe(error);
  }
}

export function describe(error: unknown): Caught {
  if (!(error instanceof Error)) return { thrown: error };
  const { name, message, stack, cause } = error;
  const { code, exitCode, signalCode, path, reason, lastOutput, errors } = error as Caught;
  return {
    class: error.constructor.name,
    name,
    message,
    ...Object.fromEntries(
      Object.entries({ stack, code, exitCode, signalCode, path, reason, lastOutput }).filter(
        ([, it]) => it !== undefined,
      ),
    ),
    ...(cause !== undefined && { cause: describe(cause) }),
    ...(errors !== undefined && { errors: errors.map(describe) }),
  };
}

/** Whether the process is there, and not only as a zombie. */
export { isThere } from './there.js';
