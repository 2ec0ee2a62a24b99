/** Processes that wait for each other. */
import { TimeoutError, ZygoteError } from '../errors.js';
import { native, type BindingOutcome, type SharedBarrier } from '../native/binding.js';
import type { WaitOptions } from '../process/waiting.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { takeArrived, withArrived } from './arrival.js';
import { block, refusing, settle, type SyncWaitOptions } from './settle.js';

export interface BarrierOptions {
  /** What the last to arrive does before all go on. If it throws, the barrier is broken. */
  action?: (() => unknown) | undefined;
  /** Milliseconds, for waits that give none themselves. */
  timeout?: number | undefined;
}

/**
 * A point at which a number of parties wait for each other, round after round. A party that gives up, or whose process ends while it
 * waits, breaks the barrier: all others have an error then, until it is `reset`.
 */
export class Barrier {
  readonly #shared: SharedBarrier;
  readonly #options: BarrierOptions;

  /**
   * `parties`: how many wait for each other, 1 to 4096.
   *
   * @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`
   */
  constructor(parties: number, options: BarrierOptions = {}) {
    const descriptors = takeArrived();
    if (!Number.isInteger(parties) || parties < 1 || parties > MOST_PARTIES) {
      throw new ZygoteError(
        'ERR_ZYGOTE_INVALID_ARGUMENT',
        `parties must be an integer from 1 to ${MOST_PARTIES}, not ${String(parties)}`,
      );
    }
    this.#options = { ...options };
    this.#shared = refusing(() => new (native().SharedBarrier)(parties, descriptors));
  }

  static {
    shareBy<Barrier>(Barrier, (barrier) => ({
      kind: 'sync/Barrier',
      state: barrier.#options,
      descriptors: barrier.#shared.descriptors(),
    }));
    registerShareable('sync/Barrier', (options: BarrierOptions, descriptors) =>
      withArrived(descriptors, () => new Barrier(1, options)),
    );
  }

  /**
   * Arrives, and waits for the others: the number of those who had arrived before in this round, from 0 to `parties - 1`.
   *
   * @throws ZygoteError `ERR_ZYGOTE_BROKEN_BARRIER`; TimeoutError or the signal's reason, and the barrier is broken then; what the action
   * throws.
   */
  async wait(options: WaitOptions = {}): Promise<number> {
    const timeout = options.timeout ?? this.#options.timeout;
    const [index, round] = this.#arrived(await settle(this.#shared.wait(), { ...options, timeout }), timeout);
    if (round < 0) return index;
    try {
      await this.#options.action?.();
    } catch (error) {
      this.#shared.abort();
      throw error;
    }
    refusing(() => this.#shared.open(round));
    return index;
  }

  /** As `wait`, but blocks this thread: nothing else goes on in it. The action must be synchronous. */
  waitSync(options: SyncWaitOptions = {}): number {
    const timeout = options.timeout ?? this.#options.timeout;
    const [index, round] = this.#arrived(block(this.#shared.wait(), { timeout }), timeout);
    if (round < 0) return index;
    try {
      if (this.#options.action?.() instanceof Promise) {
        throw new ZygoteError(
          'ERR_ZYGOTE_INVALID_ARGUMENT',
          'the action is asynchronous: use wait instead of waitSync',
        );
      }
    } catch (error) {
      this.#shared.abort();
      throw error;
    }
    refusing(() => this.#shared.open(round));
    return index;
  }

  #arrived(outcome: BindingOutcome | undefined, timeout: number | undefined): BindingOutcome {
    if (outcome) return outcome;
    throw new TimeoutError(
      `not all parties arrived within ${timeout} ms: the barrier is broken, call reset to use it again`,
    );
  }

  /** Breaks the barrier: all who wait and all who come have an error, until `reset`. */
  abort(): void {
    this.#shared.abort();
  }

  /** Begins a new round, also after it was broken. Who waits in the present one has an error. */
  reset(): void {
    this.#shared.reset();
  }

  get parties(): number {
    return this.#shared.parties();
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#shared.waiting();
  }

  get broken(): boolean {
    return this.#shared.isBroken();
  }
}

const MOST_PARTIES = 4096;
