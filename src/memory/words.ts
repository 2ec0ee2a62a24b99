/** Waiting for elements of shared memory, over processes. */
import { ZygoteError } from '../errors.js';
import { native, type SharedWait, type SharedWords } from '../native/binding.js';
import { assertWaitable, type WaitOptions } from '../process/waiting.js';
import { block, refusing, settle, type SyncWaitOptions } from '../sync/settle.js';

/** Views whose elements can be waited for, as with `Atomics.wait`. */
export type WordsArray = Int32Array | BigInt64Array;

/** As of `Atomics.wait`. */
export type WordOutcome = 'ok' | 'not-equal' | 'timed-out';

/** The waits for one piece of memory. */
export class Words {
  /** Whether this system has them. */
  static get areHere(): boolean {
    return 'SharedWords' in native();
  }

  readonly #shared: SharedWords;

  /** With descriptors, what they stand for: they are its own from then on, also if it throws. */
  constructor(descriptors?: number[]) {
    this.#shared = refusing(() => new (native().SharedWords)(descriptors));
  }

  descriptors(): number[] {
    return this.#shared.descriptors();
  }

  async wait(array: WordsArray, index: number, value: number | bigint, options: WaitOptions): Promise<WordOutcome> {
    return outcomeOf(await settle(this.#begin(array, index, value), options));
  }

  waitSync(array: WordsArray, index: number, value: number | bigint, options: SyncWaitOptions): WordOutcome {
    assertWaitable(options);
    return outcomeOf(block(this.#begin(array, index, value), options));
  }

  notify(array: WordsArray, index: number, count: number): number {
    assertIndex(array, index);
    if (!(count >= 0)) {
      throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', `count must be at least 0, not ${String(count)}`);
    }
    return this.#shared.notify(offsetOf(array, index), Math.min(count, Number.MAX_SAFE_INTEGER));
  }

  #begin(array: WordsArray, index: number, value: number | bigint): SharedWait {
    assertIndex(array, index);
    const { buffer, BYTES_PER_ELEMENT } = array;
    const word = new Uint8Array(buffer, offsetOf(array, index), BYTES_PER_ELEMENT);
    const expected = array instanceof Int32Array ? Int32Array.of(Number(value)) : BigInt64Array.of(BigInt(value));
    const wait = this.#shared.wait(offsetOf(array, index), word, new Uint8Array(expected.buffer));
    // Its memory must stay as long as the wait does.
    return Object.assign(wait, { word });
  }
}

function offsetOf({ byteOffset, BYTES_PER_ELEMENT }: WordsArray, index: number): number {
  return byteOffset + index * BYTES_PER_ELEMENT;
}

function assertIndex(array: WordsArray, index: number): void {
  if (!(array instanceof Int32Array || array instanceof BigInt64Array)) {
    throw new ZygoteError(
      'ERR_ZYGOTE_INVALID_ARGUMENT',
      'elements of an Int32Array or a BigInt64Array can be waited for, as with Atomics.wait',
    );
  }
  if (Number.isInteger(index) && index >= 0 && index < array.length) return;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    `there is no element ${String(index)} in an array of ${array.length}`,
  );
}

function outcomeOf(outcome: readonly number[] | undefined): WordOutcome {
  if (!outcome) return 'timed-out';
  return outcome[0] === 1 ? 'ok' : 'not-equal';
}
