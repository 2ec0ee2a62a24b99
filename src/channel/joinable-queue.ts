import { ZygoteError } from '../errors.js';
import type { WaitOptions } from '../process/waiting.js';
import { withArrived } from '../sync/arrival.js';
import { refusing, settle } from '../sync/settle.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { limitsOf, type QueueOptions } from './limits.js';
import { Queue } from './queue.js';

/**
 * A queue whose consumers say when they are done with what they have taken, so that one can wait until all of it is done.
 *
 * @example
 * for await (const task of tasks) {
 *   await run(task);
 *   tasks.taskDone();
 * }
 */
export class JoinableQueue<T = unknown> extends Queue<T> {
  /** @throws as {@link Queue} does. */
  constructor(options: QueueOptions = {}) {
    super(options, limitsOf(options, true));
  }

  static {
    shareBy(JoinableQueue, ({ maxSize, maxBytes, shared }) => ({
      kind: 'channel/JoinableQueue',
      state: { maxSize, maxBytes },
      descriptors: shared.descriptors(),
    }));
    registerShareable('channel/JoinableQueue', (options: QueueOptions, descriptors) =>
      withArrived(descriptors, () => new JoinableQueue(options)),
    );
  }

  /** Messages that were put and are not done: those in the queue, and those that were taken. */
  get unfinished(): number {
    return this.shared.unfinished();
  }

  /**
   * A message that this process has taken is done.
   *
   * @throws ZygoteError `ERR_ZYGOTE_NOT_HELD` if this process has taken none that is not done.
   */
  taskDone(): void {
    try {
      refusing(() => this.shared.done());
    } catch (cause) {
      if ((cause as ZygoteError).code !== 'ERR_ZYGOTE_NOT_HELD') throw cause;
      throw new ZygoteError(
        'ERR_ZYGOTE_NOT_HELD',
        'taskDone() was called more often than this process has taken messages: call it once for each message, in the process that has taken it',
        { cause },
      );
    }
  }

  /**
   * Waits until every message that was put is done: true; false after the timeout.
   *
   * @throws ZygoteError `ERR_ZYGOTE_TASKS_LOST` if all others are done, and some were taken by processes that have ended without having
   * said so: nobody will. It is told once. The signal's reason.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    const outcome = await settle(this.shared.waitForDone(), options);
    if (!outcome) return false;
    const [lost] = outcome;
    if (lost === 0) return true;
    throw new ZygoteError(
      'ERR_ZYGOTE_TASKS_LOST',
      `${lost} of the messages were taken by processes that have ended before they were done with them`,
    );
  }
}
