import type { Process } from './process.js';
import { assertWaitable, waitFor, type WaitOptions } from './waiting.js';

/** Anything that can be waited for: a `Process`, whatever its target. */
type Waitable = Pick<Process<never[]>, 'join' | 'isAlive'>;

/**
 * Waits until at least one of several processes has ended. Gives all that have, in the order in which they were given; none after
 * the timeout, or if there is none to wait for.
 *
 * @throws the signal's reason when it is aborted; ZygoteError `ERR_ZYGOTE_NOT_STARTED`.
 */
export async function waitAny<P extends Waitable>(processes: Iterable<P>, options: WaitOptions = {}): Promise<P[]> {
  assertWaitable(options);
  const list = [...processes];
  if (list.length === 0) return [];
  const given = new AbortController();
  const { signal } = given;
  // Each rejects if it was not started.
  const joins = list.map(async (process) => process.join({ signal }));
  const first = Promise.race(joins);
  // Those that are not waited for any more reject.
  for (const join of [first, ...joins]) join.catch(() => {});
  try {
    await waitFor(first, options);
  } finally {
    given.abort();
  }
  return list.filter((process) => !process.isAlive);
}
