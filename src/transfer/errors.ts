/**
 * Thrown values on the wire. Structured clone keeps of an error only its message and stack, and turns own classes into
 * `Error`; this keeps the class, the cause, the parts of an AggregateError and the error's own properties.
 */
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

type Packed = PackedError | PackedValue;

/** Serializes what was thrown. Never throws: what cannot be serialized inside is described in words. */
export function serializeThrown(thrown: unknown): Buffer {
  return serialize(pack(thrown, new Set()));
}

/** What {@link serializeThrown} wrote. */
export function deserializeThrown(bytes: Uint8Array): unknown {
  return unpack(deserialize(bytes) as Packed);
}

function pack(thrown: unknown, above: Set<unknown>): Packed {
  if (thrown instanceof Error && !above.has(thrown)) {
    const inside = new Set([...above, thrown]);
    return packError(thrown, inside);
  }
  return { kind: 'value', bytes: serializeOrDescribe(thrown) };
}

function packError(error: Error, inside: Set<unknown>): PackedError {
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
    stack: typeof error.stack === 'string' ? error.stack : undefined,
    properties: Object.keys(error)
      .filter((key) => !handled.has(key))
      .map((key) => [key, serializeOrDescribe((error as unknown as Record<string, unknown>)[key])]),
  };
  if ('cause' in error) packed.cause = pack(error.cause, inside);
  const { errors } = error as { errors?: unknown };
  if (Array.isArray(errors)) packed.errors = errors.map((part) => pack(part, inside));
  return packed;
}

function text(error: Error, key: 'name' | 'message'): string {
  return String(error[key]);
}

function sourceOf(constructor: unknown): string {
  return typeof constructor === 'function' ? Function.prototype.toString.call(constructor).slice(0, 10_000) : '';
}

function serializeOrDescribe(value: unknown): Buffer {
  try {
    return serialize(value);
  } catch (error) {
    return serialize(`[${(error as Error).message}]`);
  }
}

function unpack(packed: Packed): unknown {
  if (packed.kind === 'value') return deserialize(packed.bytes);
  const error = Object.create(findErrorClass(packed.classes, packed.source).prototype as object) as Error;
  // As an error that was made here: not listed among its properties.
  const hidden = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
  hidden('message', packed.message);
  if (packed.stack !== undefined) hidden('stack', packed.stack);
  if (packed.cause) hidden('cause', unpack(packed.cause));
  if (packed.errors) hidden('errors', packed.errors.map(unpack));
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
