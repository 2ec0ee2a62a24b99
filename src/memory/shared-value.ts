/** A number that processes share. */
import type { WaitOptions } from '../process/waiting.js';
import type { BaseLock, LockGuard } from '../sync/lock.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import type { ElementOf, NumbersType } from './numbers.js';
import { SharedArray, type SharedArrayOptions } from './shared-array.js';
import type { SharedMemory } from './shared-memory.js';

/**
 * A number that processes share, in memory as {@link SharedArray}. It is read and written whole; to change it by what it was takes
 * `add` and the like, for integers, or `update`.
 */
export class SharedValue<T extends NumbersType = Float64ArrayConstructor> implements Disposable {
  readonly #numbers: SharedArray<T>;

  /** @throws ZygoteError as {@link SharedArray}. */
  constructor(Type: T, initial?: ElementOf<T>, options: SharedArrayOptions = {}) {
    const given = arrived as SharedArray<T> | undefined;
    arrived = undefined;
    this.#numbers = given ?? new SharedArray(Type, 1, options);
    if (!given && initial !== undefined) this.value = initial;
  }

  static {
    shareBy<SharedValue<NumbersType>>(SharedValue, (shared) => ({
      kind: 'numbers/SharedValue',
      state: shared.#numbers,
      descriptors: [],
    }));
    registerShareable('numbers/SharedValue', (numbers: SharedArray<NumbersType>) => {
      arrived = numbers;
      return new SharedValue<NumbersType>(Float64Array);
    });
  }

  get value(): ElementOf<T> {
    const { array } = this.#numbers;
    return (isInteger(array) ? Atomics.load(array as Int32Array, 0) : array[0]) as ElementOf<T>;
  }

  set value(value: ElementOf<T>) {
    const { array } = this.#numbers;
    if (isInteger(array)) Atomics.store(array as Int32Array, 0, value as number);
    else (array as Float64Array)[0] = value as number;
  }

  /**
   * Adds to an integer, at once: what it was before.
   *
   * @throws TypeError for other numbers.
   */
  add(difference: ElementOf<T>): ElementOf<T> {
    return Atomics.add(this.#numbers.array as Int32Array, 0, difference as number);
  }

  /**
   * Puts another integer in its place: what it was before.
   *
   * @throws TypeError for other numbers.
   */
  exchange(value: ElementOf<T>): ElementOf<T> {
    return Atomics.exchange(this.#numbers.array as Int32Array, 0, value as number);
  }

  /**
   * Puts another integer in its place, if it is `expected`: what it was before.
   *
   * @throws TypeError for other numbers.
   */
  compareExchange(expected: ElementOf<T>, value: ElementOf<T>): ElementOf<T> {
    const array = this.#numbers.array as Int32Array;
    return Atomics.compareExchange(array, 0, expected as number, value as number);
  }

  /**
   * Sets it to what `fn` makes of it, with the lock held: what it is then.
   *
   * @throws as `withLock`.
   */
  update(
    fn: (value: ElementOf<T>) => ElementOf<T> | PromiseLike<ElementOf<T>>,
    options: WaitOptions = {},
  ): Promise<ElementOf<T>> {
    return this.withLock(async () => {
      const value = await fn(this.value);
      this.value = value;
      return value;
    }, options);
  }

  /** See {@link SharedArray.withLock}. */
  withLock<R>(
    fn: (value: this, guard: LockGuard) => R | PromiseLike<R>,
    options: WaitOptions = {},
  ): Promise<Awaited<R>> {
    return this.#numbers.withLock((_array, guard) => fn(this, guard), options);
  }

  /** See {@link SharedArray.lock}. */
  get lock(): BaseLock {
    return this.#numbers.lock;
  }

  /** See {@link SharedArray.memory}. */
  get memory(): SharedMemory {
    return this.#numbers.memory;
  }

  /** Lets go of it. */
  close(): void {
    this.#numbers.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What the value that is being made is to have. */
let arrived: SharedArray<NumbersType> | undefined;

function isInteger(array: object): boolean {
  return !(array instanceof Uint8ClampedArray) && !/Float/.test(array.constructor.name);
}
