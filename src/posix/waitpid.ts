import { type ExitStatus, TimeoutError, ZygoteError } from '../errors.js';
import { adopt } from '../process/reaper.js';
import { assertWaitable, waitFor, type WaitOptions } from '../process/waiting.js';

export type { WaitOptions };

/**
 * Waits until a child that {@link fork} made has ended, and reaps it. May be called several times while it runs.
 *
 * @throws TimeoutError after `timeout`; the signal's reason when it is aborted; ZygoteError `ERR_ZYGOTE_NOT_A_CHILD` if this
 * process has no such child, or has waited for it before.
 */
export async function waitpid(pid: number, options: WaitOptions = {}): Promise<ExitStatus> {
  assertWaitable(options);
  const child = adopt(pid);
  child.poll();
  const endWait = child.beginWait();
  try {
    // One that has ended is reaped by now: nobody else could learn its status any more.
    const status = child.status ?? (await waitFor(child.ended, options));
    if (!status) throw new TimeoutError(`process ${pid} has not ended within ${options.timeout} ms`);
    if (child.lost) {
      throw new ZygoteError(
        'ERR_ZYGOTE_NOT_A_CHILD',
        `process ${pid} is not a child of this process, or was waited for already`,
      );
    }
    return status;
  } finally {
    endWait();
  }
}
