/** Values on the wire: structured clone, as `postMessage` does it, in a buffer. */
import { isProxy } from 'node:util/types';
import v8 from 'node:v8';
import { TransferError } from '../errors.js';

/**
 * Serializes a value. Buffers, typed arrays, Map, Set, Date, RegExp, BigInt, errors and cycles are kept; prototypes of own
 * classes, getters and symbols are not.
 *
 * @throws TransferError with the path to the first thing inside that cannot be serialized.
 */
export function serialize(value: unknown): Buffer {
  try {
    return v8.serialize(value);
  } catch (cause) {
    const { path, reason } = findProblem(value) ?? { path: '$', reason: String((cause as Error)?.message ?? cause) };
    throw new TransferError(path, reason, { cause });
  }
}

/** The value that {@link serialize} wrote. Buffers come back as Buffers. */
export function deserialize(bytes: Uint8Array): unknown {
  return v8.deserialize(bytes);
}

interface Problem {
  path: string;
  reason: string;
}

/** The innermost part that does not serialize. */
function findProblem(value: unknown, path = '$', above: ReadonlySet<unknown> = new Set()): Problem | undefined {
  if (above.has(value) || serializes(value)) return undefined;
  if (typeof value === 'function') {
    return { path, reason: `it is the function ${value.name || '(anonymous)'}, and functions cannot be serialized` };
  }
  if (typeof value !== 'object' || value === null) {
    return { path, reason: `it is a ${typeof value}, which cannot be serialized` };
  }
  try {
    const inside = new Set([...above, value]);
    for (const child of children(value, path)) {
      const problem = findProblem(child.value, child.path, inside);
      if (problem) return problem;
    }
  } catch (error) {
    return { path, reason: `reading it throws ${String(error)}` };
  }
  const what = isProxy(value) ? 'Proxy' : value.constructor?.name || 'object';
  return { path, reason: `it is a ${what}, which cannot be serialized` };
}

function serializes(value: unknown): boolean {
  try {
    v8.serialize(value);
    return true;
  } catch {
    return false;
  }
}

function* children(value: object, path: string): Generator<{ value: unknown; path: string }> {
  if (value instanceof Map) {
    let index = 0;
    for (const [key, entry] of value) {
      yield { value: key, path: `${path}.keys()[${index++}]` };
      yield { value: entry, path: `${path}.get(${printKey(key)})` };
    }
  } else if (value instanceof Set) {
    let index = 0;
    for (const entry of value) yield { value: entry, path: `${path}.values()[${index++}]` };
  } else if (!ArrayBuffer.isView(value)) {
    for (const key of Object.keys(value)) {
      yield { value: (value as Record<string, unknown>)[key], path: `${path}${member(value, key)}` };
    }
  }
}

function member(of: object, key: string): string {
  if (Array.isArray(of) && /^\d+$/.test(key)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function printKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  return typeof key === 'object' || typeof key === 'function' ? '…' : String(key);
}
