import type { ProcessOptions } from './options.js';
import { Process } from './process.js';

/**
 * Computes `fn` in a frozen copy of this process, which goes on meanwhile: the copy sees everything as it was at the moment
 * of the fork. Resolves with the value; rejects with what `fn` threw, or with a ProcessExitError.
 *
 * @example
 * const json = await snapshot(() => JSON.stringify(state)); // `state` may change while this is computed
 */
export async function snapshot<R>(
  fn: () => R | Promise<R>,
  options: Omit<ProcessOptions<[], R>, 'target' | 'args' | 'method'> = {},
): Promise<Awaited<R>> {
  const child = new Process<[], R>({ name: 'snapshot', daemon: true, ...options, method: 'fork', target: fn });
  const { result } = child;
  await child.start();
  try {
    return await result;
  } finally {
    await child.join();
    child.close();
  }
}
