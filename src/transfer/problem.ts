/** Where in a value something is that cannot travel. Looked for only when it is known that there is something. */
import { isProxy } from 'node:util/types';
import v8 from 'node:v8';
import { TransferError } from '../errors.js';

/** Thrown by those who walk a value: its path is found afterwards, so that walking does not have to keep track of it. */
export class Refusal extends Error {
  /** The part of the value, or the value itself if that is a primitive. */
  readonly offender: unknown;
  readonly reason: string;

  constructor(offender: unknown, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.offender = offender;
    this.reason = reason;
  }
}

/** How a child is reached from what it is in. */
type Step = 'member' | 'key' | 'entry' | 'element';

/** Calls `visit` for everything directly inside an object that travels with it. Getters are read. */
export function eachChild(of: object, visit: (child: unknown, step: Step, key: unknown) => void): void {
  if (of instanceof Map) {
    let index = 0;
    for (const [key, value] of of as Map<unknown, unknown>) {
      visit(key, 'key', index++);
      visit(value, 'entry', key);
    }
  } else if (of instanceof Set) {
    let index = 0;
    for (const value of of as Set<unknown>) visit(value, 'element', index++);
  }
  if (ArrayBuffer.isView(of)) return;
  for (const key of Object.keys(of)) visit((of as Record<string, unknown>)[key], 'member', key);
  if (of instanceof Error) {
    for (const key of ['cause', 'errors'] as const) {
      if (Object.hasOwn(of, key) && !Object.prototype.propertyIsEnumerable.call(of, key)) {
        visit((of as { errors?: unknown } & Error)[key], 'member', key);
      }
    }
  }
}

interface Place {
  value: unknown;
  parent: Place | undefined;
  step: Step;
  key: unknown;
}

interface Found {
  path: string;
  reason: string;
}

/** The error for what was refused while `root` was walked. */
export function locate(root: unknown, refusal: Refusal): TransferError {
  const { offender, reason, cause } = refusal;
  const path = search(root, (value) => (Object.is(value, offender) ? reason : undefined))?.path ?? '$';
  return new TransferError(path, reason, { cause });
}

/**
 * The error for what structured clone has thrown at. `travels` tells of the parts that are no matter of structured
 * clone's.
 */
export function blame(root: unknown, thrown: unknown, travels: (value: object) => boolean): TransferError {
  if (isTooDeep(thrown)) return new TransferError('$', 'it is nested too deeply', { cause: thrown });
  const said = thrown instanceof Error ? thrown.message : printError(thrown);
  const found =
    search(root, (value) => {
      if (typeof value === 'symbol') return 'it is a symbol, which cannot be serialized';
      if (!isObject(value) || travels(value)) return undefined;
      return isSound(value) ? undefined : refusalOf(value);
    }) ??
    // Something with others in it: V8 says what it is called.
    search(root, (value) =>
      isObject(value) && said.startsWith(`#<${nameOf(value)}> `) ? refusalOf(value) : undefined,
    );
  return new TransferError(found?.path ?? '$', found?.reason ?? said, { cause: thrown });
}

function refusalOf(value: object): string {
  return `it is ${aNameOf(value)}, which cannot be serialized`;
}

/** Whether the object itself is nothing but a holder of others, or can be serialized. */
function isSound(value: object): boolean {
  if (isProxy(value)) return false;
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return true;
  let holds = false;
  try {
    eachChild(value, (child) => {
      if (isObject(child) || typeof child === 'function') holds = true;
    });
  } catch {
    return true;
  }
  return holds || serializes(value);
}

/** Whether the stack was exhausted. */
export function isTooDeep(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message.includes('call stack');
}

/** The nearest part of which `test` gives a reason; or the part that cannot even be read. */
function search(root: unknown, test: (value: unknown) => string | undefined): Found | undefined {
  const seen = new Set<object>();
  let level: Place[] = [{ value: root, parent: undefined, step: 'member', key: undefined }];
  while (level.length > 0) {
    const next: Place[] = [];
    for (const place of level) {
      const { value } = place;
      const reason = test(value);
      if (reason !== undefined) return { path: pathOf(place), reason };
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      try {
        eachChild(value, (child, step, key) => {
          if (isObject(child) || test(child) !== undefined) next.push({ value: child, parent: place, step, key });
        });
      } catch (error) {
        return { path: pathOf(place), reason: `reading it throws ${printError(error)}` };
      }
    }
    level = next;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function serializes(value: unknown): boolean {
  try {
    v8.serialize(value);
    return true;
  } catch {
    return false;
  }
}

/** What an object is called in messages. */
export function nameOf(value: object): string {
  if (isProxy(value)) return 'Proxy';
  try {
    return value.constructor?.name || 'object';
  } catch {
    return 'object';
  }
}

/** With its article. */
export function aNameOf(value: object): string {
  const name = nameOf(value);
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

/** A thrown value in words; never throws. */
export function printError(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that cannot be printed';
  }
}

function pathOf(place: Place): string {
  const steps: string[] = [];
  for (let at = place; at.parent; at = at.parent) steps.push(print(at.parent.value, at.step, at.key));
  return `$${steps.toReversed().join('')}`;
}

function print(of: unknown, step: Step, key: unknown): string {
  if (step === 'key') return `.keys()[${String(key)}]`;
  if (step === 'element') return `.values()[${String(key)}]`;
  if (step === 'entry') return `.get(${printKey(key)})`;
  const name = String(key);
  if (Array.isArray(of) && /^\d+$/.test(name)) return `[${name}]`;
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function printKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  return typeof key === 'object' || typeof key === 'function' ? '…' : String(key);
}
