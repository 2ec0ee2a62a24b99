/** Where the results of a map go. */
import { ZygoteError } from '../../errors.js';
import type { NumbersType } from '../../memory/numbers.js';
import { native } from '../../native/binding.js';

/** A typed array, as far as it is used here. */
export interface Numbers {
  [index: number]: number | bigint;
  readonly length: number;
}

/** Results of one chunk on their way: numbers packed, others as they are; none where they are in shared memory already. */
export type Values = Float64Array | unknown[] | undefined;

/** Makes an array in memory that forked children share. */
export function sharedNumbers(Class: NumbersType, length: number): Numbers {
  // No mapping is empty.
  return new Class(native().sharedPages(Math.max(1, length * Class.BYTES_PER_ELEMENT)), 0, length);
}

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function assertNumbersClass(Class: unknown): asserts Class is NumbersType {
  if (typeof Class === 'function' && Object.getPrototypeOf(Class) === Object.getPrototypeOf(Float64Array)) return;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    'into takes a class of typed arrays, such as Float64Array: the results are numbers then, and one of these is made for them',
  );
}

/** Stores a result in shared memory; a typed array would make something of anything. */
export function storeNumber(into: Numbers, index: number, value: unknown): void {
  const wanted = into instanceof BigInt64Array || into instanceof BigUint64Array ? 'bigint' : 'number';
  if (typeof value !== wanted) {
    throw new TypeError(
      `into takes results of the type ${wanted}, and fn gave ${value === null ? 'null' : `a value of the type ${typeof value}`} ` +
        `for the item ${index}`,
    );
  }
  into[index] = value as number | bigint;
}

/** Numbers are packed: an eighth of the time to write and to read. */
export function pack(values: unknown[]): Values {
  return values.every((value) => typeof value === 'number') ? Float64Array.from(values) : values;
}
