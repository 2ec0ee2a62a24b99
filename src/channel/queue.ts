import { EOFError, TimeoutError } from '../errors.js';
import type { BindingLimits } from '../native/binding.js';
import type { WaitOptions } from '../process/waiting.js';
import { withArrived } from '../sync/arrival.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { BaseQueue } from './base-queue.js';
import { DEFAULT_BYTES, limitsOf, type QueueOptions } from './limits.js';

/**
 * A queue of messages between any number of producers and consumers, in any processes: those that it was passed to in `args`, and those
 * that have inherited it by a fork. Each message is taken by one consumer, whole, in the order in which they were put. A process that is
 * killed, at whatever instant, takes nothing with it but what it had taken.
 *
 * @example
 * const files = new Queue<string>();
 * const workers = await Promise.all([1, 2].map(() => new Process({ target: work, args: [files] }).start()));
 * for (const name of names) await files.put(name);
 * files.close(); // the workers' `for await (const name of files)` end when it is empty
 */
export class Queue<T = unknown> extends BaseQueue<T> {
  /** Undefined for any number. */
  readonly maxSize: number | undefined;
  readonly maxBytes: number;

  /** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`, `ERR_ZYGOTE_SYSTEM` if this process has too many open files. */
  constructor(options: QueueOptions = {}, limits: BindingLimits = limitsOf(options, false)) {
    super(limits);
    this.maxSize = options.maxSize;
    this.maxBytes = options.maxBytes ?? DEFAULT_BYTES;
  }

  static {
    shareBy(Queue, ({ maxSize, maxBytes, shared }) => ({
      kind: 'channel/Queue',
      state: { maxSize, maxBytes },
      descriptors: shared.descriptors(),
    }));
    registerShareable('channel/Queue', (options: QueueOptions, descriptors) =>
      withArrived(descriptors, () => new Queue(options)),
    );
  }

  /** How many messages can be taken at this moment: exactly. */
  get size(): number {
    return this.shared.size();
  }

  /**
   * The first message, if there is one: undefined if there is none after the timeout, which is 0 by default, or the queue is closed and
   * empty.
   *
   * @throws TransferError for a message that cannot be had in this process: it is taken nevertheless; the signal's reason.
   */
  async tryGet({ timeout = 0, signal }: WaitOptions = {}): Promise<{ value: T } | undefined> {
    try {
      return { value: await this.get({ timeout, signal }) };
    } catch (error) {
      if (error instanceof TimeoutError || error instanceof EOFError) return undefined;
      throw error;
    }
  }
}
