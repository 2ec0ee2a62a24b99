/** What is refused, with what to do instead. */
import { ZygoteError } from '../errors.js';

export function notHeld(): ZygoteError {
  return new ZygoteError(
    'ERR_ZYGOTE_NOT_HELD',
    'it is not held: acquire it first, in the same thread, and release it once; a forked child does not hold what its parent holds',
  );
}

export function wouldDeadlock(): ZygoteError {
  return new ZygoteError(
    'ERR_ZYGOTE_DEADLOCK',
    'this thread would wait for itself for ever: it holds it already, or awaits it elsewhere, and cannot go on there while it blocks. Use the method that is awaited',
  );
}
