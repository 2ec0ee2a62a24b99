/** One call that waits, with its timeout and its signal. */
import { listen } from '../process/aborts.js';
import { TimeoutError } from '../errors.js';
import { assertWaitable, type WaitOptions } from '../process/waiting.js';

/** Longer timeouts than a timer takes are as good as none. */
const LONGEST = 2 ** 31 - 1;

export class Wait<T> {
  readonly promise: Promise<T>;
  #resolve!: (value: T | Promise<T>) => void;
  #reject!: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #hush: (() => void) | undefined;

  /**
   * `giveUp` is called when the timeout is over or the signal is aborted, before the promise settles: nothing may come of what
   * is waited for then. `late` is what the timeout gives; undefined for a TimeoutError that names `what`.
   */
  constructor({ timeout, signal }: WaitOptions, giveUp: () => void, what: string, late?: { value: T }) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal) {
      this.#hush = listen(signal, () => {
        giveUp();
        this.reject(signal.reason);
      });
    }
    if (timeout !== undefined && timeout <= LONGEST) {
      this.#timer = setTimeout(() => {
        giveUp();
        if (late) this.resolve(late.value);
        else this.reject(new TimeoutError(`${what} took longer than ${timeout} ms`));
      }, timeout);
    }
  }

  resolve(value: T | Promise<T>): void {
    this.#done();
    this.#resolve(value);
  }

  reject(error: unknown): void {
    this.#done();
    this.#reject(error);
  }

  /** Forgets it: what waits is another process's. */
  abandon(): void {
    this.#done();
  }

  #done(): void {
    clearTimeout(this.#timer);
    this.#hush?.();
  }
}

/**
 * Before anything else happens in a wait.
 *
 * @throws the signal's reason if it is aborted; ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`.
 */
export function assertNotAborted(options: WaitOptions): void {
  assertWaitable(options);
  options.signal?.throwIfAborted();
}
