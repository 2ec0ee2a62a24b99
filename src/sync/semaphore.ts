/** A number of permits, over processes. */
import { ZygoteError } from '../errors.js';
import { native, type SharedSemaphore } from '../native/binding.js';
import type { WaitOptions } from '../process/waiting.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { takeArrived, withArrived } from './arrival.js';
import { notHeld, wouldDeadlock } from './errors.js';
import { Guard } from './guard.js';
import type { Unlimited } from './lock.js';
import { block, refusing, settle, type SyncWaitOptions } from './settle.js';

/** That a permit was acquired. */
export class SemaphoreGuard extends Guard {
  /** @internal */
  static make: (shared: SharedSemaphore) => SemaphoreGuard;

  readonly #shared: SharedSemaphore;

  static {
    this.make = (shared) => new SemaphoreGuard(shared);
  }

  private constructor(shared: SharedSemaphore) {
    super();
    this.#shared = shared;
  }

  /**
   * Uses the permit up: it does not come back, also when this process ends. For semaphores that count what one process makes and another
   * takes, where permits come from `semaphore.release()` alone.
   *
   * @throws ZygoteError `ERR_ZYGOTE_NOT_HELD`
   */
  keep(): void {
    if (this.released) throw notHeld();
    refusing(() => this.#shared.giveBack(true));
    this.markReleased();
  }

  /** @internal */
  protected giveBack(): void {
    refusing(() => this.#shared.giveBack(false));
  }
}

/**
 * A number of permits that processes share. `acquire` waits until there is one. A permit is its process's until it is released; what
 * a process has when it ends, in whatever way, is given back for it.
 */
export class Semaphore {
  readonly #shared: SharedSemaphore;
  /** Acquisitions of this thread that are awaited. */
  #awaited = 0;

  /**
   * `value`: permits at the beginning, default 1.
   *
   * @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`
   */
  constructor(value = 1) {
    this.#shared = made(value, this.bound(value));
  }

  static {
    shareBy<Semaphore>(Semaphore, (semaphore) => ({
      kind: semaphore instanceof BoundedSemaphore ? 'sync/BoundedSemaphore' : 'sync/Semaphore',
      state: null,
      descriptors: semaphore.#shared.descriptors(),
    }));
    registerShareable('sync/Semaphore', (_state, descriptors) => withArrived(descriptors, () => new Semaphore()));
  }

  /** @internal Most permits that there may be. */
  protected bound(_value: number): number {
    return Number.MAX_SAFE_INTEGER;
  }

  /**
   * Waits for a permit. First come, first served, over all processes. Uncontended it takes no system call. With a `timeout`,
   * undefined when it has passed.
   *
   * @throws the signal's reason; ZygoteError `ERR_ZYGOTE_TOO_MANY_WAITERS` if 4096 wait already, or 1024 processes have permits.
   */
  acquire(options?: Unlimited): Promise<SemaphoreGuard>;
  acquire(options?: WaitOptions): Promise<SemaphoreGuard | undefined>;
  async acquire(options: WaitOptions = {}): Promise<SemaphoreGuard | undefined> {
    options.signal?.throwIfAborted();
    if (this.#try(false)) return SemaphoreGuard.make(this.#shared);
    this.#awaited++;
    try {
      return (await settle(this.#shared.wait(), options)) && SemaphoreGuard.make(this.#shared);
    } finally {
      this.#awaited--;
    }
  }

  /**
   * As `acquire`, but blocks this thread: nothing else goes on in it.
   *
   * @throws ZygoteError `ERR_ZYGOTE_DEADLOCK` where this thread awaits a permit too; as `acquire`.
   */
  acquireSync(options?: { timeout?: undefined }): SemaphoreGuard;
  acquireSync(options?: SyncWaitOptions): SemaphoreGuard | undefined;
  acquireSync(options: SyncWaitOptions = {}): SemaphoreGuard | undefined {
    if (this.#try(false)) return SemaphoreGuard.make(this.#shared);
    if (this.#awaited > 0) throw wouldDeadlock();
    return block(this.#shared.wait(), options) && SemaphoreGuard.make(this.#shared);
  }

  /** A permit if there is one at once, else undefined. */
  tryAcquire(): SemaphoreGuard | undefined {
    return this.#try(true) ? SemaphoreGuard.make(this.#shared) : undefined;
  }

  /**
   * Makes permits free: first those that this process has acquired, whose guards are then of no use; beyond that new ones, which
   * tell another process that there is something to take.
   *
   * @throws ZygoteError `ERR_ZYGOTE_OVER_RELEASE` if there would be more than there may be: nothing is released then.
   */
  release(permits = 1): void {
    assertCount(permits, 'permits to release');
    refusing(() => this.#shared.release(permits));
  }

  /** Permits that are free now. */
  get value(): number {
    return this.#shared.value();
  }

  /** How many wait, in all processes. */
  get waiting(): number {
    return this.#shared.waiting();
  }

  #try(thoroughly: boolean): boolean {
    return refusing(() => this.#shared.tryAcquire(thoroughly));
  }
}

/** As {@link Semaphore}, with never more permits, free and acquired, than at the beginning. */
export class BoundedSemaphore extends Semaphore {
  static {
    registerShareable('sync/BoundedSemaphore', (_state, descriptors) =>
      withArrived(descriptors, () => new BoundedSemaphore()),
    );
  }

  /** @internal */
  protected override bound(value: number): number {
    return value;
  }
}

function made(value: number, bound: number): SharedSemaphore {
  const descriptors = takeArrived();
  assertCount(value, 'value');
  return refusing(() => new (native().SharedSemaphore)(value, bound, descriptors));
}

function assertCount(count: number, what: string): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    `${what} must be an integer of at least 0, not ${String(count)}`,
  );
}
