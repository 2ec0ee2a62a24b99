/** A flag, over processes. */
import { native, type SharedEvent } from '../native/binding.js';
import type { WaitOptions } from '../process/waiting.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { takeArrived, withArrived } from './arrival.js';
import { block, refusing, settle, type SyncWaitOptions } from './settle.js';

/** A flag that processes share, and can wait for. It is not set at first. */
export class Event {
  readonly #shared: SharedEvent;

  constructor() {
    const descriptors = takeArrived();
    this.#shared = refusing(() => new (native().SharedEvent)(descriptors));
  }

  static {
    shareBy<Event>(Event, (event) => ({ kind: 'sync/Event', state: null, descriptors: event.#shared.descriptors() }));
    registerShareable('sync/Event', (_state, descriptors) => withArrived(descriptors, () => new Event()));
  }

  get isSet(): boolean {
    return this.#shared.isSet();
  }

  /** How many wait, in all processes. */
  get waiting(): number {
    return this.#shared.waiting();
  }

  /** Sets it: everybody who waits goes on, also if it is cleared right afterwards. */
  set(): void {
    this.#shared.set();
  }

  /** Clears it: who waits from now on waits until it is set again. */
  clear(): void {
    this.#shared.clear();
  }

  /**
   * Waits until it is set: true; false after the timeout.
   *
   * @throws the signal's reason; ZygoteError `ERR_ZYGOTE_TOO_MANY_WAITERS` if 4096 wait already.
   */
  async wait(options: WaitOptions = {}): Promise<boolean> {
    return (await settle(this.#shared.wait(), options)) !== undefined;
  }

  /** As `wait`, but blocks this thread: nothing else goes on in it. */
  waitSync(options: SyncWaitOptions = {}): boolean {
    return block(this.#shared.wait(), options) !== undefined;
  }
}
