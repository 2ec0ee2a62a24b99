/** One wait for a shared object, for all calls of this thread that wait for the same. */
import type { SharedWait } from '../native/binding.js';
import { addWait, openWaits, removeWait, type Waiting } from '../sync/waits.js';

export interface Pumping {
  /** Makes the wait. */
  begin(): SharedWait;
  /** Called when it is over. Tells whether somebody still has to wait. */
  serve(): boolean;
  /** Nobody can wait. */
  fail(error: unknown): void;
}

export class Pump {
  readonly #for: Pumping;
  #wait: SharedWait | undefined;
  #entry: Waiting | undefined;

  constructor(pumping: Pumping) {
    this.#for = pumping;
  }

  /** Somebody waits. */
  start(): void {
    if (this.#wait) return;
    try {
      openWaits();
      const wait = this.#for.begin();
      this.#wait = wait;
      this.#entry = { token: wait.token, look: () => this.#look() };
      addWait(this.#entry);
    } catch (error) {
      this.#for.fail(error);
      return;
    }
    this.#look();
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#wait?.cancel();
    this.abandon();
  }

  /** In a forked child: the wait is the parent's. */
  abandon(): void {
    if (this.#entry) removeWait(this.#entry);
    this.#wait = undefined;
    this.#entry = undefined;
  }

  #look(): void {
    try {
      while (this.#wait && this.#wait.look() !== null) {
        if (this.#for.serve()) this.#wait = this.#for.begin();
        else this.abandon();
      }
    } catch (error) {
      this.abandon();
      this.#for.fail(error);
    }
  }
}
