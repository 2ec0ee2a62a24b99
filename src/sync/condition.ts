/** Waiting until what a lock protects has changed. */
import { native, type SharedCondition } from '../native/binding.js';
import { assertWaitable, type WaitOptions } from '../process/waiting.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { takeArrived, withArrived } from './arrival.js';
import { notHeld } from './errors.js';
import { BaseLock, letGo, type LockGuard, RLock, type Unlimited } from './lock.js';
import { block, refusing, settle, type SyncWaitOptions } from './settle.js';

/**
 * Waiting until what a lock protects has changed, over processes. Who has changed it notifies those who wait; a notification that a
 * process has got and died with goes to another one.
 */
export class Condition {
  /** What protects what is waited for. */
  readonly lock: BaseLock;
  readonly #shared: SharedCondition;

  /** `lock`: a `Lock` or `RLock`, also one that other conditions use; default a new `RLock`. */
  constructor(lock?: BaseLock) {
    const descriptors = takeArrived();
    this.lock = lock ?? new RLock();
    this.#shared = refusing(() => new (native().SharedCondition)(descriptors));
  }

  static {
    shareBy<Condition>(Condition, (condition) => ({
      kind: 'sync/Condition',
      state: condition.lock,
      descriptors: condition.#shared.descriptors(),
    }));
    registerShareable('sync/Condition', (lock: BaseLock, descriptors) =>
      withArrived(descriptors, () => new Condition(lock)),
    );
  }

  /** Acquires the lock. */
  acquire(options?: Unlimited): Promise<LockGuard>;
  acquire(options?: WaitOptions): Promise<LockGuard | undefined>;
  acquire(options?: WaitOptions): Promise<LockGuard | undefined> {
    return this.lock.acquire(options);
  }

  /** Acquires the lock, blocking this thread. */
  acquireSync(options?: { timeout?: undefined }): LockGuard;
  acquireSync(options?: SyncWaitOptions): LockGuard | undefined;
  acquireSync(options?: SyncWaitOptions): LockGuard | undefined {
    return this.lock.acquireSync(options);
  }

  /** Releases the lock. */
  release(): void {
    this.lock.release();
  }

  /**
   * Releases the lock, however often it was acquired, waits to be notified, and acquires it again: true; false after the timeout.
   * The lock is held again in any case, also when this rejects, and however long that takes.
   *
   * @throws the signal's reason; ZygoteError `ERR_ZYGOTE_NOT_HELD` if this thread does not have the lock.
   */
  async wait(options: WaitOptions = {}): Promise<boolean> {
    assertWaitable(options);
    options.signal?.throwIfAborted();
    if (!this.lock.held) throw notHeld();
    // Its place first: a notification that comes when the lock is free is for it.
    const notified = settle(this.#shared.wait(), options);
    const suspended = letGo(this.lock);
    try {
      return (await notified) !== undefined;
    } finally {
      await suspended.takeBack();
    }
  }

  /**
   * Waits until `predicate` is true (or truthy; it may be asynchronous), and is notified to look again: what it gave last, which after
   * the timeout is false. The lock is held whenever it is called.
   *
   * @throws as `wait`, and what the predicate throws.
   */
  async waitFor<T>(predicate: () => T | Promise<T>, options: WaitOptions = {}): Promise<T> {
    assertWaitable(options);
    const remaining = countdown(options.timeout);
    let result = await predicate();
    while (!result) {
      const timeout = remaining();
      if (timeout === 0) return result;
      await this.wait({ ...options, timeout });
      result = await predicate();
    }
    return result;
  }

  /** As `wait`, but blocks this thread: nothing else goes on in it. */
  waitSync(options: SyncWaitOptions = {}): boolean {
    assertWaitable(options);
    if (!this.lock.held) throw notHeld();
    const wait = this.#shared.wait();
    refusing(() => wait.takePlace());
    const suspended = letGo(this.lock);
    try {
      return block(wait, options) !== undefined;
    } finally {
      suspended.takeBackSync();
    }
  }

  /** As `waitFor`, but blocks this thread. */
  waitForSync<T>(predicate: () => T, options: SyncWaitOptions = {}): T {
    assertWaitable(options);
    const remaining = countdown(options.timeout);
    let result = predicate();
    while (!result) {
      const timeout = remaining();
      if (timeout === 0) return result;
      this.waitSync({ timeout });
      result = predicate();
    }
    return result;
  }

  /** How many wait, in all processes. */
  get waiting(): number {
    return this.#shared.waiting();
  }

  /**
   * Notifies those who have waited longest, as many as `count`: how many there were. They go on when the lock is theirs.
   *
   * @throws ZygoteError `ERR_ZYGOTE_NOT_HELD` if this thread does not have the lock.
   */
  notify(count = 1): number {
    if (!this.lock.held) throw notHeld();
    return this.#shared.notify(count);
  }

  /** Notifies all who wait. */
  notifyAll(): number {
    return this.notify(Number.MAX_SAFE_INTEGER);
  }
}

/** Milliseconds that are left, each time it is asked. */
function countdown(timeout: number | undefined): () => number | undefined {
  if (timeout === undefined) return () => undefined;
  const end = performance.now() + timeout;
  return () => Math.max(0, end - performance.now());
}
