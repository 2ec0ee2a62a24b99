/** What shows that something was acquired, and gives it back. */
import { notHeld } from './errors.js';

/** That a lock or a permit was acquired. It is given back by `release`, or at the end of the block with `using`. */
export abstract class Guard implements Disposable {
  #released = false;

  /** Whether it was given back through this guard. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Gives it back.
   *
   * @throws ZygoteError `ERR_ZYGOTE_NOT_HELD` if that was done already, or in a forked child: it is the parent's.
   */
  release(): void {
    if (this.#released) throw notHeld();
    this.giveBack();
    this.#released = true;
  }

  /** Gives it back, unless that was done already. */
  [Symbol.dispose](): void {
    if (!this.#released) this.release();
  }

  /** @internal */
  protected abstract giveBack(): void;

  /** It is not this guard's any more. */
  protected markReleased(): void {
    this.#released = true;
  }
}
