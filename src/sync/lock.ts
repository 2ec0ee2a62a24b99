/** Mutual exclusion between processes. */
import { native, type BindingOutcome, type SharedLock } from '../native/binding.js';
import type { WaitOptions } from '../process/waiting.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { takeArrived, withArrived } from './arrival.js';
import { notHeld, wouldDeadlock } from './errors.js';
import { Guard } from './guard.js';
import { block, refusing, settle, type SyncWaitOptions } from './settle.js';
import { lookAgain } from './waits.js';

/** How a wait without a timeout is written: it always ends with a guard. */
export type Unlimited = WaitOptions & { timeout?: undefined };

/** That a lock was acquired. */
export class LockGuard extends Guard {
  /** @internal */
  static make: (lock: BaseLock, ticket: number, abandoned: boolean) => LockGuard;
  /** @internal */
  static renew: (guard: LockGuard, outcome: BindingOutcome | undefined) => void;
  /** @internal */
  static ticket: (guard: LockGuard) => number;

  readonly #lock: BaseLock;
  #ticket: number;
  #abandoned: boolean;

  static {
    this.make = (lock, ticket, abandoned) => new LockGuard(lock, ticket, abandoned);
    this.ticket = (guard) => guard.#ticket;
    this.renew = (guard, outcome) => {
      if (!outcome) {
        guard.markReleased();
        return;
      }
      guard.#ticket = outcome[0];
      guard.#abandoned ||= outcome[1] === 1;
    };
  }

  private constructor(lock: BaseLock, ticket: number, abandoned: boolean) {
    super();
    this.#lock = lock;
    this.#ticket = ticket;
    this.#abandoned = abandoned;
  }

  /**
   * Whether the process that held the lock before has ended without releasing it, or a Worker has: what the lock protects may be
   * half done. Only the next owner is told.
   */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** @internal */
  protected giveBack(): void {
    releaseBy(this.#lock, this);
  }
}

let releaseBy: (lock: BaseLock, guard: LockGuard) => void;

/** What a condition does with its lock. */
export let letGo: (lock: BaseLock) => Suspended;

/** A lock that a condition has released for the time of its wait. */
export interface Suspended {
  takeBack(): Promise<void>;
  takeBackSync(): void;
}

/** What `Lock` and `RLock` have in common. */
export abstract class BaseLock {
  readonly #shared: SharedLock;
  readonly #again: boolean;
  /** Of this thread, the latest last. */
  #guards: LockGuard[] = [];
  /** Acquisitions of this thread that are awaited. */
  #awaited = 0;

  /** @internal */
  protected constructor(again: boolean, descriptors: number[] | undefined) {
    this.#again = again;
    this.#shared = refusing(() => new (native().SharedLock)(descriptors));
  }

  static {
    releaseBy = (lock, guard) => lock.#releaseBy(guard);
    letGo = (lock) => lock.#letGo();
    shareBy<BaseLock>(BaseLock, (lock) => ({
      kind: lock.#again ? 'sync/RLock' : 'sync/Lock',
      state: null,
      descriptors: lock.#shared.descriptors(),
    }));
  }

  /**
   * Waits until this thread has the lock. First come, first served, over all processes. Uncontended it takes no system call.
   * With a `timeout`, undefined when it has passed.
   *
   * @throws the signal's reason; ZygoteError `ERR_ZYGOTE_TOO_MANY_WAITERS` if 4096 wait already.
   */
  acquire(options?: Unlimited): Promise<LockGuard>;
  acquire(options?: WaitOptions): Promise<LockGuard | undefined>;
  async acquire(options: WaitOptions = {}): Promise<LockGuard | undefined> {
    options.signal?.throwIfAborted();
    const guard = this.#try(false);
    if (guard) return guard;
    this.#awaited++;
    try {
      const outcome = await settle(this.#shared.wait(this.#again), options);
      return outcome && this.#guard(...outcome);
    } finally {
      this.#awaited--;
    }
  }

  /**
   * As `acquire`, but blocks this thread: nothing else goes on in it, no timer and no message. Meant for Workers, and for programs that
   * have nothing else to do.
   *
   * @throws ZygoteError `ERR_ZYGOTE_DEADLOCK` where this thread could only wait for itself; as `acquire`.
   */
  acquireSync(options?: { timeout?: undefined }): LockGuard;
  acquireSync(options?: SyncWaitOptions): LockGuard | undefined;
  acquireSync(options: SyncWaitOptions = {}): LockGuard | undefined {
    const guard = this.#try(false);
    if (guard) return guard;
    if (this.#awaited > 0 || (options.timeout === undefined && this.#shared.isHeld())) throw wouldDeadlock();
    const outcome = block(this.#shared.wait(this.#again), options);
    return outcome && this.#guard(...outcome);
  }

  /** The lock if it is to be had at once, else undefined. */
  tryAcquire(): LockGuard | undefined {
    return this.#try(true);
  }

  /**
   * Releases what this thread has acquired last through this object: the same as `release` of its guard.
   *
   * @throws ZygoteError `ERR_ZYGOTE_NOT_HELD`
   */
  release(): void {
    const guard = this.#guards.at(-1);
    if (!guard) throw notHeld();
    guard.release();
  }

  /** Whether anybody has it. */
  get locked(): boolean {
    return this.#shared.isLocked();
  }

  /** Whether this thread has it. */
  get held(): boolean {
    return this.#shared.isHeld();
  }

  /** How many wait, in all processes. */
  get waiting(): number {
    return this.#shared.waiting();
  }

  #try(thoroughly: boolean): LockGuard | undefined {
    const ticket = this.#shared.tryAcquire(this.#again, thoroughly);
    return ticket === 0 ? undefined : this.#guard(Math.abs(ticket), ticket < 0 ? 1 : 0);
  }

  #guard(ticket: number, abandoned: number): LockGuard {
    const guard = LockGuard.make(this, ticket, abandoned === 1);
    this.#guards.push(guard);
    // What this thread waits for elsewhere it may have now.
    if (this.#again && this.#awaited > 0) queueMicrotask(lookAgain);
    return guard;
  }

  #releaseBy(guard: LockGuard): void {
    refusing(() => this.#shared.release(LockGuard.ticket(guard), false));
    const index = this.#guards.lastIndexOf(guard);
    if (index >= 0) this.#guards.splice(index, 1);
  }

  #letGo(): Suspended {
    const last = this.#guards.at(-1);
    if (!last || !this.#shared.isHeld()) throw notHeld();
    const ticket = LockGuard.ticket(last);
    const guards = this.#guards.filter((guard) => LockGuard.ticket(guard) === ticket);
    this.#guards = this.#guards.filter((guard) => !guards.includes(guard));
    const times = refusing(() => this.#shared.release(ticket, true));
    const restore = (outcome: BindingOutcome | undefined) => {
      for (const guard of guards) LockGuard.renew(guard, outcome);
      if (!outcome) return;
      this.#shared.deepen(outcome[0], times);
      this.#guards.push(...guards);
    };
    return {
      takeBack: async () => {
        let outcome;
        this.#awaited++;
        try {
          outcome = await settle(this.#shared.wait(false));
        } finally {
          this.#awaited--;
          restore(outcome);
        }
      },
      takeBackSync: () => {
        let outcome;
        try {
          outcome = block(this.#shared.wait(false));
        } finally {
          restore(outcome);
        }
      },
    };
  }
}

/**
 * A lock that processes share: one of them has it at a time. A child has it by inheritance (`fork`) or in its `args`, whatever the
 * start method.
 *
 * If the process that holds it ends, in whatever way, the next one gets it, and is told by `guard.abandoned`.
 */
export class Lock extends BaseLock {
  constructor() {
    super(false, takeArrived());
  }

  static {
    registerShareable('sync/Lock', (_state, descriptors) => withArrived(descriptors, () => new Lock()));
  }
}

/**
 * As {@link Lock}, but the thread that has it may acquire it again, and has to release it as often. It belongs to the thread (the
 * main thread, or a Worker), not to one of the asynchronous functions that go on in it: they can all acquire it.
 */
export class RLock extends BaseLock {
  constructor() {
    super(true, takeArrived());
  }

  static {
    registerShareable('sync/RLock', (_state, descriptors) => withArrived(descriptors, () => new RLock()));
  }
}
