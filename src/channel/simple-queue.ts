import { withArrived } from '../sync/arrival.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { BaseQueue } from './base-queue.js';
import { limitsOf } from './limits.js';

/** A queue between processes with nothing but `put`, `get` and `close`: see {@link Queue} for what that does. */
export class SimpleQueue<T = unknown> extends BaseQueue<T> {
  constructor() {
    super(limitsOf({}, false));
  }

  static {
    shareBy(SimpleQueue, ({ shared }) => ({
      kind: 'channel/SimpleQueue',
      state: null,
      descriptors: shared.descriptors(),
    }));
    registerShareable('channel/SimpleQueue', (_, descriptors) => withArrived(descriptors, () => new SimpleQueue()));
  }

  /** Whether there is nothing to take at this moment. */
  get isEmpty(): boolean {
    return this.shared.size() === 0;
  }
}
