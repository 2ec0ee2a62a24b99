/** How an object that is neither a plain one nor an array travels; found out once for each prototype. */
import { isNativeError } from 'node:util/types';
import { defineChanges, type Referable, type Reference } from './define.js';
import { isFinished } from './find.js';
import { inspect } from './inspector.js';
import { locationOf } from './location.js';
import { findExport, findReference } from './reference.js';
import { type RegisteredReducer, reducerChanges, reducerFor } from './reducers.js';
import { isHandle } from './handles.js';

export type Handling =
  /** As structured clone does it. */
  | { as: 'clone' }
  | { as: 'error' }
  | { as: 'handle' }
  | { as: 'reduced'; reducer: RegisteredReducer; Class: Reference | undefined }
  /** Cloned, and given its class again. */
  | { as: 'instance'; Class: Reference; mayHavePrivate: boolean };

const CLONE: Handling = { as: 'clone' };

let known = new WeakMap<object, Handling>();
let changes = 0;

export function handlingOf(value: object, prototype: object): Handling {
  const now = reducerChanges() + defineChanges();
  if (now !== changes) {
    known = new WeakMap();
    changes = now;
  }
  const before = known.get(prototype);
  if (before) return before;
  const { handling, final } = decide(value, prototype);
  if (final) known.set(prototype, handling);
  return handling;
}

function decide(value: object, prototype: object): { handling: Handling; final: boolean } {
  const reducer = reducerFor(prototype);
  if (reducer) {
    const Class = findReference(reducer.Class);
    return { handling: { as: 'reduced', reducer, Class }, final: Class !== undefined };
  }
  if (value instanceof Error || isNativeError(value))
    return { handling: { as: 'error' }, final: value instanceof Error };
  if (isHandle(prototype)) return { handling: { as: 'handle' }, final: true };
  const Class = classOf(prototype);
  if (!Class || isBuiltin(Class)) return { handling: CLONE, final: true };
  const found = findReference(Class);
  if (!found) return { handling: CLONE, final: isFinished(locationOf(Class)?.url) };
  if (found.module.startsWith('node:')) return { handling: CLONE, final: true };
  return { handling: { as: 'instance', Class: found, mayHavePrivate: mayHavePrivate(prototype) }, final: true };
}

function classOf(prototype: object): Referable | undefined {
  if (!Object.hasOwn(prototype, 'constructor')) return undefined;
  const { constructor } = prototype;
  return typeof constructor === 'function' && constructor.prototype === prototype ? constructor : undefined;
}

function isBuiltin(Class: Referable): boolean {
  if (/\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(Class))) return true;
  const found = findExport(Class);
  return found !== undefined && /^(node|global):/.test(found.module);
}

/** Where a private member can be declared: behind a brace, a semicolon, a new line, a comment or a modifier. */
const PRIVATE = /(?:[{};\n]|\*\/?|\b(?:static|get|set|async))\s*#[\p{ID_Start}$_]/u;

/** Of the class or one that it extends. A text in the source may look like one. */
function mayHavePrivate(prototype: object): boolean {
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at) as object | null) {
    const Class = classOf(at);
    if (Class && PRIVATE.test(Function.prototype.toString.call(Class))) return true;
  }
  return false;
}

/** Whether this very instance has private members. In a Node without an inspector it is taken to have some. */
export function hasPrivate(instance: object): boolean {
  return inspect((inspector) => inspector.hasPrivate(instance)) ?? true;
}
