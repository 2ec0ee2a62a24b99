import { native } from '../native/binding.js';

/**
 * Ends this process at once with `code` (0 to 255): no `exit` listener runs, nothing is flushed, no thread is waited for.
 * The usual end of a child that was forked by hand and must not run its parent's clean-up.
 */
export function _exit(code: number): never {
  return native().exitNow(code & 0xff);
}
