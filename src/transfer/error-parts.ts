/**
 * Errors in parts that structured clone can write, and put together again. By itself it keeps of an error little more than
 * the message and the stack, and turns own classes into `Error`.
 */
import { findErrorClass } from './error-class.js';
import { put } from './own-property.js';

export interface ErrorParts {
  name: string;
  message: string;
  stack: string | undefined;
  /** In an array, as it may be there and undefined. */
  cause?: [unknown];
  /** Of an AggregateError. */
  errors?: unknown[];
  /** Own properties. */
  keys: string[];
  values: unknown[];
}

/** How a class of errors is found again where its module is not known. */
export interface ErrorClassName {
  /** Names of the constructors from the error's own up to `Error`. */
  names: string[];
  /** Source of the error's own constructor, to tell classes of one name apart. */
  source: string;
}

const APART = new Set(['stack', 'message']);

/** `describe` gives what is to be said in place of a part that cannot travel, or undefined if it can. */
export function takeApart(error: Error, describe?: (read: () => unknown) => string | undefined): ErrorParts {
  const part = (key: string): unknown => {
    const read = (): unknown => (error as unknown as Record<string, unknown>)[key];
    return describe?.(read) ?? read();
  };
  const parts: ErrorParts = {
    name: text(error, 'name'),
    message: text(error, 'message'),
    stack: stackOf(error),
    keys: [],
    values: [],
  };
  for (const key of Object.keys(error)) {
    if (APART.has(key)) continue;
    parts.keys.push(key);
    parts.values.push(part(key));
  }
  if ('cause' in error && !parts.keys.includes('cause')) parts.cause = [part('cause')];
  if (parts.keys.includes('errors')) return parts;
  const { errors } = error as { errors?: unknown };
  if (Array.isArray(errors)) parts.errors = errors.map((one: unknown) => describe?.(() => one) ?? one);
  return parts;
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

export function classNameOf(error: Error): ErrorClassName {
  const names: string[] = [];
  let source = '';
  for (
    let prototype: unknown = Object.getPrototypeOf(error);
    prototype instanceof Object;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const { constructor } = prototype as object;
    if (constructor === Object) break;
    if (names.length === 0 && typeof constructor === 'function') source = sourceOf(constructor);
    names.push(constructor?.name ?? '');
  }
  return { names, source };
}

// oxlint-disable-next-line typescript/no-unsafe-function-type -- any class.
function sourceOf(constructor: Function): string {
  const source = Function.prototype.toString.call(constructor);
  return source.endsWith('[native code] }') ? '' : source.slice(0, 10_000);
}

/** An error without anything in it, of a class that was found by reference or is looked for by its name. */
export function shellOf(
  parts: Pick<ErrorParts, 'message' | 'name'>,
  Class: unknown,
  { names, source }: ErrorClassName,
): Error {
  const found = isErrorClass(Class) ? Class : findErrorClass(names, source);
  if (found === (DOMException as unknown)) return new DOMException(parts.message, parts.name);
  // A real error, which tools show and check as such, but not by a constructor that wants arguments.
  const error = errorWithoutStack(parts.message);
  Object.setPrototypeOf(error, found.prototype as object);
  return error;
}

function isErrorClass(value: unknown): value is abstract new (...args: never[]) => Error {
  return typeof value === 'function' && (value === Error || (value.prototype as unknown) instanceof Error);
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

export function fill(error: Error, parts: ErrorParts): void {
  // As an error that was made here: not listed among its properties.
  const hide = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
  hide('stack', parts.stack);
  if (parts.cause) hide('cause', parts.cause[0]);
  if (parts.errors) hide('errors', parts.errors);
  for (const [index, key] of parts.keys.entries()) put(error, key, parts.values[index]);
  if (error.name !== parts.name) hide('name', parts.name);
}
