/**
 * Small values of the kinds that messages mostly are, in a few bytes: 10 times faster than by what pickles any value. The first
 * byte tells the form.
 */
import { isSharedArrayBuffer } from 'node:util/types';
import { isJson } from './json.js';

/** Of these bytes pickled values begin with none. */
const Form = {
  undefined: 16,
  null: 17,
  false: 18,
  true: 19,
  number: 20,
  string: 21,
  json: 22,
  Buffer: 23,
  Uint8Array: 24,
} as const;

/** Bytes up to which a string is small; a buffer is if there is room for it. */
const LARGEST = 16_384;

/** Writes a value at the begin of `into`: the number of bytes, or 0 if it is not small. */
export function writeSmall(value: unknown, into: Buffer): number {
  if (typeof value === 'object') return value === null ? one(Form.null, into) : writeObject(value, into);
  if (typeof value === 'string') {
    if (value.length > LARGEST || !isWellFormed(value)) return 0;
    into[0] = Form.string;
    return 1 + into.write(value, 1);
  }
  if (typeof value === 'number') {
    into[0] = Form.number;
    return into.writeDoubleLE(value, 1);
  }
  if (typeof value === 'boolean') return one(value ? Form.true : Form.false, into);
  return value === undefined ? one(Form.undefined, into) : 0;
}

/** UTF-8 gives it back: it has no half of a pair in it. In every Node that is supported, but not in its declarations. */
function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

function one(form: number, into: Buffer): number {
  into[0] = form;
  return 1;
}

function writeObject(value: object, into: Buffer): number {
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Buffer.prototype || prototype === Uint8Array.prototype) {
    return writeBytes(value as Uint8Array, prototype === Buffer.prototype ? Form.Buffer : Form.Uint8Array, into);
  }
  if (!isJson(value)) return 0;
  const text = JSON.stringify(value);
  if (text.length > LARGEST) return 0;
  into[0] = Form.json;
  return 1 + into.write(text, 1);
}

function writeBytes(value: Uint8Array, form: number, into: Buffer): number {
  // Something else than it seems to be.
  if (!ArrayBuffer.isView(value) || value.byteLength >= into.length || isSharedArrayBuffer(value.buffer)) return 0;
  into[0] = form;
  into.set(value, 1);
  return 1 + value.length;
}

/**
 * A value that is nothing but a large buffer, as two segments: its form, and itself. It need not be looked at, and its copy is the receiver's
 * buffer. Undefined for anything else.
 */
export function asBuffer(value: unknown): [form: Uint8Array, bytes: Uint8Array] | undefined {
  if (!ArrayBuffer.isView(value) || isSharedArrayBuffer(value.buffer)) return undefined;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Buffer.prototype) return [Uint8Array.of(Form.Buffer), value as Buffer];
  if (prototype === Uint8Array.prototype) return [Uint8Array.of(Form.Uint8Array), value as Uint8Array];
  return undefined;
}

/** What {@link asBuffer} has taken apart; undefined for other segments. */
export function readBuffer([form, bytes]: readonly Uint8Array[]): Uint8Array | undefined {
  if (!bytes || form?.length !== 1) return undefined;
  if (form[0] === Form.Uint8Array) return bytes;
  if (form[0] === Form.Buffer) return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  return undefined;
}

/** Whether {@link writeSmall} has written what begins with this byte. */
export function isSmallForm(first: number): boolean {
  return first >= Form.undefined && first <= Form.Uint8Array;
}

/** The value that is in the first bytes of `from`. */
export function readSmall(from: Buffer, length: number): unknown {
  const [form] = from;
  if (form === Form.json) return JSON.parse(from.toString('utf8', 1, length)) as unknown;
  if (form === Form.string) return from.toString('utf8', 1, length);
  if (form === Form.number) return from.readDoubleLE(1);
  if (form === Form.Buffer) return Buffer.from(from.subarray(1, length));
  if (form === Form.Uint8Array) return new Uint8Array(from.subarray(1, length));
  if (form === Form.null) return null;
  if (form === Form.undefined) return undefined;
  return form === Form.true;
}
