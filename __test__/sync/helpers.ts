/** What the specs of locks share. */
import type { ExecutionContext } from 'ava';
import { Process, type StartMethod } from 'zygote';
import { native } from '#dist/native/binding';
import { stateOf, until } from '../helpers/report.js';

export { until };

/** Words that a process and its forked children write to together. */
export const marks = (length: number) => new Int32Array(native().sharedPages(4 * length), 0, length);

/** A process that runs this, and is killed when the test has ended. */
export async function start<A extends unknown[], R>(
  t: ExecutionContext,
  target: (...args: A) => R | Promise<R>,
  args: A,
  method: StartMethod = 'fork',
): Promise<Process<A, R>> {
  const child = new Process<A, R>({ target, args, method });
  child.result.catch(() => {});
  await child.start();
  t.teardown(async () => {
    if (child.isAlive) child.kill();
    await child.join();
    child.close();
  });
  return child;
}

/** Ends it by SIGKILL. */
export async function kill(child: Pick<Process<never[]>, 'kill' | 'join'>): Promise<void> {
  child.kill();
  await child.join();
}

/** Stops it: it takes notice of nothing any more. */
export async function stop(child: Pick<Process<never[]>, 'kill' | 'pid'>): Promise<void> {
  child.kill('SIGSTOP');
  await until(() => stateOf(child.pid ?? 0) === 'T');
}

/** Does nothing, and keeps its process alive. */
export const forever = () => new Promise<never>(() => setInterval(() => {}, 1000));

/** Aborts soon, with this reason. */
export function abortSoon(message: string): AbortSignal {
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error(message)), 5);
  return abort.signal;
}
