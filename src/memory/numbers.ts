/** Types of numbers, by their typed arrays. */
import { ZygoteError } from '../errors.js';

/** A constructor of typed arrays. */
export type NumbersType =
  | Int8ArrayConstructor
  | Uint8ArrayConstructor
  | Uint8ClampedArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor
  | BigInt64ArrayConstructor
  | BigUint64ArrayConstructor;

/** What it constructs. */
export type NumbersOf<T extends NumbersType> = T['prototype'];

/** An element of that: a number or a bigint. */
export type ElementOf<T extends NumbersType> = NumbersOf<T>[number];

const NAMES = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

/**
 * The name of a type.
 *
 * @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` for anything else.
 */
export function nameOfType(Type: NumbersType): string {
  const isType = (one: string) => Type !== undefined && (globalThis as Record<string, unknown>)[one] === Type;
  const name = NAMES.find(isType);
  if (name) return name;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    `the type must be the constructor of a typed array, such as Float64Array, not ${describe(Type)}`,
  );
}

/** The type with this name, which every process has. */
export function typeNamed(name: string): NumbersType {
  return (globalThis as unknown as Record<string, NumbersType>)[name] as NumbersType;
}

function describe(value: unknown): string {
  return typeof value === 'function' ? value.name || 'a function without a name' : String(value);
}

/** An array of these numbers in memory. */
export function numbersIn<T extends NumbersType>(
  Type: T,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): NumbersOf<T> {
  const Construct = Type as unknown as new (buffer: ArrayBufferLike, offset: number, length: number) => NumbersOf<T>;
  return new Construct(buffer, byteOffset, length);
}
