/** Numbers that processes share. */
import { TimeoutError, ZygoteError } from '../errors.js';
import type { WaitOptions } from '../process/waiting.js';
import { type BaseLock, Lock, type LockGuard } from '../sync/lock.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { type ElementOf, nameOfType, type NumbersOf, type NumbersType, typeNamed } from './numbers.js';
import { SharedMemory } from './shared-memory.js';

export interface SharedArrayOptions {
  /** For `withLock`: `true`, the default, makes a lock; or a lock that protects other things, too; `false` for none. */
  lock?: BaseLock | boolean | undefined;
  /** Whether it can be waited for changes by `memory.wait`, see {@link SharedMemory.wait}. Default false. */
  waitable?: boolean | undefined;
}

interface State {
  type: string;
  length: number;
  memory: SharedMemory;
  lock: BaseLock | undefined;
}

/**
 * A typed array that processes share: what one writes all others see. A child has it by inheritance (`fork`) or in its `args`,
 * whatever the start method. Single elements are read and written whole; for more than one step there are `Atomics`, for integers, and
 * `withLock`.
 */
export class SharedArray<T extends NumbersType = Float64ArrayConstructor> implements Disposable {
  /** The numbers: a typed array like any other, in shared memory. */
  readonly array: NumbersOf<T>;
  /** What they are in. */
  readonly memory: SharedMemory;
  readonly #type: string;
  readonly #lock: BaseLock | undefined;

  /**
   * `content`: the number of elements, which are 0 at first, or their values.
   *
   * @throws ZygoteError as {@link SharedMemory}.
   */
  constructor(Type: T, content: number | Iterable<ElementOf<T>>, { lock = true, waitable }: SharedArrayOptions = {}) {
    const given = arrived;
    arrived = undefined;
    this.#type = given?.type ?? nameOfType(Type);
    const values = typeof content === 'number' ? undefined : [...content];
    const length = values?.length ?? (content as number);
    if (!Number.isSafeInteger(length) || length < 1) {
      throw new ZygoteError(
        'ERR_ZYGOTE_INVALID_ARGUMENT',
        `the number of elements must be a whole one, at least 1, not ${String(length)}`,
      );
    }
    this.#lock = given ? given.lock : lockOf(lock);
    this.memory =
      given?.memory ?? new SharedMemory({ size: length * Type.BYTES_PER_ELEMENT, waitable: waitable ?? false });
    this.array = this.memory.view(Type, 0, length);
    if (values) (this.array as { set(values: ElementOf<T>[]): void }).set(values);
  }

  static {
    shareBy<SharedArray<NumbersType>>(SharedArray, (shared) => ({
      kind: 'numbers/SharedArray',
      state: {
        type: shared.#type,
        length: shared.length,
        memory: shared.memory,
        lock: shared.#lock,
      } satisfies State,
      descriptors: [],
    }));
    registerShareable('numbers/SharedArray', (state: State) => {
      arrived = state;
      return new SharedArray(typeNamed(state.type), state.length);
    });
  }

  /** Number of elements. */
  get length(): number {
    return this.array.length;
  }

  /**
   * What `withLock` acquires.
   *
   * @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` if it was made without.
   */
  get lock(): BaseLock {
    if (this.#lock) return this.#lock;
    throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', 'it was made without a lock: leave out `lock: false`');
  }

  /**
   * Calls `fn` while no other process or thread is inside of `withLock`: what it gives, which may be a promise. `guard.abandoned`
   * tells that a process has ended inside, so that the numbers may be those of a half-finished change.
   *
   * @throws what `fn` throws; TimeoutError if the lock was not to be had in time, or the signal's reason: `fn` is not called then.
   */
  withLock<R>(
    fn: (array: NumbersOf<T>, guard: LockGuard) => R | PromiseLike<R>,
    options: WaitOptions = {},
  ): Promise<Awaited<R>> {
    return holding(this.lock, options, (guard) => fn(this.array, guard));
  }

  /** Lets go of it. The numbers stay as long as there is a view of them. */
  close(): void {
    this.memory.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What the array that is being made is to have. */
let arrived: State | undefined;

function lockOf(lock: BaseLock | boolean): BaseLock | undefined {
  if (typeof lock !== 'boolean') return lock;
  return lock ? new Lock() : undefined;
}

/** Calls `fn` with the lock held. */
export async function holding<R>(
  lock: BaseLock,
  options: WaitOptions,
  fn: (guard: LockGuard) => R | PromiseLike<R>,
): Promise<Awaited<R>> {
  const guard = await lock.acquire(options);
  if (!guard) throw new TimeoutError(`the lock was not to be had within ${options.timeout} ms`);
  try {
    return await fn(guard);
  } finally {
    guard[Symbol.dispose]();
  }
}
