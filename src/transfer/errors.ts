/**
 * Thrown values on the wire. Structured clone keeps of an error only its message and stack, and turns own classes into
 * `Error`; this keeps the class, the cause, the parts of an AggregateError and the error's own properties.
 */
import { inspect } from 'node:util';
import { TransferError } from '../errors.js';
import { findErrorClass } from './error-class.js';
import { deserialize, serialize } from './values.js';

interface PackedError {
  kind: 'error';
  /** Names of the constructors from the error's own up to `Error`. */
  classes: string[];
  /** Source of the error's own constructor, to tell classes of one name apart. */
  source: string;
  name: string;
  message: string;
  stack: string | undefined;
  cause?: Packed;
  errors?: Packed[];
  /** Own properties, serialized one by one. */
  properties: [string, Buffer][];
}

interface PackedValue {
  kind: 'value';
  bytes: Buffer;
}

/** An error that has occurred before, further up: by its number there. */
interface PackedAgain {
  kind: 'again';
  index: number;
}

type Packed = PackedError | PackedValue | PackedAgain;

/** Serializes what was thrown. Never throws: what cannot be serialized inside is described in words. */
export function serializeThrown(thrown: unknown): Buffer {
  return serialize(pack(thrown, []));
}

/** What {@link serializeThrown} wrote. */
export function deserializeThrown(bytes: Uint8Array): unknown {
  return unpack(deserialize(bytes) as Packed, []);
}

function pack(thrown: unknown, seen: Error[]): Packed {
  if (!(thrown instanceof Error)) return { kind: 'value', bytes: serializeOrDescribe(() => thrown) };
  const index = seen.indexOf(thrown);
  return index < 0 ? packError(thrown, seen) : { kind: 'again', index };
}

function packError(error: Error, seen: Error[]): PackedError {
  seen.push(error);
  const classes: string[] = [];
  for (
    let proto: unknown = Object.getPrototypeOf(error);
    proto instanceof Object;
    proto = Object.getPrototypeOf(proto)
  ) {
    const { constructor } = proto as object;
    if (constructor === Object) break;
    classes.push(constructor.name);
  }
  const handled = new Set(['stack', 'message', 'cause', 'errors']);
  const packed: PackedError = {
    kind: 'error',
    classes,
    source: sourceOf(error.constructor),
    name: text(error, 'name'),
    message: text(error, 'message'),
    stack: stackOf(error),
    properties: Object.keys(error)
      .filter((key) => !handled.has(key))
      .map((key) => [key, serializeOrDescribe(() => (error as unknown as Record<string, unknown>)[key])]),
  };
  if ('cause' in error) packed.cause = pack(error.cause, seen);
  const { errors } = error as { errors?: unknown };
  if (Array.isArray(errors)) packed.errors = errors.map((part) => pack(part, seen));
  return packed;
}

function text(error: Error, key: 'name' | 'message'): string {
  try {
    return String(error[key]);
  } catch {
    return '';
  }
}

/** It is put together at the first reading, from a name and a message that may be anything. */
function stackOf(error: Error): string | undefined {
  try {
    return typeof error.stack === 'string' ? error.stack : undefined;
  } catch {
    return undefined;
  }
}

function sourceOf(constructor: unknown): string {
  return typeof constructor === 'function' ? Function.prototype.toString.call(constructor).slice(0, 10_000) : '';
}

function serializeOrDescribe(read: () => unknown): Buffer {
  try {
    return serialize(read());
  } catch (error) {
    return serialize(`[${error instanceof TransferError ? error.message : `reading it throws ${inspect(error)}`}]`);
  }
}

/** The place where it is made here is of no interest. */
function errorWithoutStack(message: string): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new Error(message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function unpack(packed: Packed, seen: Error[]): unknown {
  if (packed.kind === 'value') return deserialize(packed.bytes);
  if (packed.kind === 'again') return seen[packed.index];
  // A real error, which tools show and check as such, but not by a constructor that wants arguments.
  const error = errorWithoutStack(packed.message);
  Object.setPrototypeOf(error, findErrorClass(packed.classes, packed.source).prototype as object);
  seen.push(error);
  // As an error that was made here: not listed among its properties.
  const hidden = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
  hidden('stack', packed.stack);
  if (packed.cause) hidden('cause', unpack(packed.cause, seen));
  if (packed.errors) {
    hidden(
      'errors',
      packed.errors.map((part) => unpack(part, seen)),
    );
  }
  for (const [key, bytes] of packed.properties) {
    Object.defineProperty(error, key, {
      value: deserialize(bytes),
      writable: true,
      configurable: true,
      enumerable: true,
    });
  }
  if (error.name !== packed.name) hidden('name', packed.name);
  return error;
}
