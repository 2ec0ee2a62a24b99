/** How an object that is neither a plain one nor an array travels; found out once for each prototype. */
import { isNativeError } from 'node:util/types';
import { isBuiltinModule } from './builtins.js';
import { defineChanges, type Referable, type Reference } from './define.js';
import { exportsOf, progressOf } from './find.js';
import { isHandle } from './handles.js';
import { inspect } from './inspector.js';
import { locationOf } from './location.js';
import { findReference, isNative } from './reference.js';
import { type RegisteredReducer, reducerChanges, reducerFor } from './reducers.js';
import { isShareable } from './shareable.js';

export type Handling =
  /** As structured clone does it. */
  | { as: 'clone' }
  | { as: 'error' }
  | { as: 'handle' }
  | { as: 'shared' }
  | { as: 'reduced'; reducer: RegisteredReducer; Class: Reference | undefined }
  | InstanceHandling;

/** Cloned, and given its class again. */
export interface InstanceHandling {
  as: 'instance';
  Class: Reference;
  /** The class extends a built-in one, such as Map or Array. */
  isExotic: boolean;
  /** Each instance is to be looked at, as the source looks like it. */
  mayHavePrivate: boolean;
  /** How many have had none. */
  without: number;
}

const CLONE: Handling = { as: 'clone' };

interface Decision {
  handling: Handling;
  /** The class's module if it may export the class later, and how much it had exported. */
  module?: string | undefined;
  progress?: number;
}

let known = new WeakMap<object, Decision>();
let changes = 0;

export function handlingOf(value: object, prototype: object): Handling {
  const now = reducerChanges() + defineChanges();
  if (now !== changes) {
    known = new WeakMap();
    changes = now;
  }
  const before = known.get(prototype);
  if (before && isStillSo(before)) return before.handling;
  const decision = decide(value, prototype);
  known.set(prototype, decision);
  return decision.handling;
}

function isStillSo({ module, progress = Infinity }: Decision): boolean {
  return progress === Infinity || progressOf(module) === progress;
}

function decide(value: object, prototype: object): Decision {
  const reducer = reducerFor(prototype);
  if (reducer) {
    const Class = findReference(reducer.Class);
    return { handling: { as: 'reduced', reducer, Class }, ...(!Class && unfinished(reducer.Class)) };
  }
  if (value instanceof Error || isNativeError(value)) return { handling: { as: 'error' } };
  if (isHandle(prototype)) return { handling: { as: 'handle' } };
  if (isShareable(prototype)) return { handling: { as: 'shared' } };
  const Class = classOf(prototype);
  if (!Class || isNative(Class) || isGlobal(Class)) return { handling: CLONE };
  const found = findReference(Class);
  if (!found) return { handling: CLONE, ...unfinished(Class) };
  if (isBuiltinModule(found.module)) return { handling: CLONE };
  const classes = classesOf(prototype);
  const isExotic = classes.some((one) => one !== Object && isNative(one));
  // A text in the source may look like a private member.
  const mayHavePrivate = classes.some((one) => PRIVATE.test(Function.prototype.toString.call(one)));
  return { handling: { as: 'instance', Class: found, isExotic, mayHavePrivate, without: 0 } };
}

/** Such as URL. To find out where a class was written takes long; for these there is no need. */
function isGlobal(Class: Referable): boolean {
  try {
    return (globalThis as Record<string, unknown>)[Class.name] === Class && exportsOf(Class).length === 0;
  } catch {
    return false;
  }
}

function unfinished(Class: Referable): Pick<Decision, 'module' | 'progress'> {
  const module = locationOf(Class)?.url;
  return { module, progress: progressOf(module) };
}

function classOf(prototype: object): Referable | undefined {
  if (!Object.hasOwn(prototype, 'constructor')) return undefined;
  const { constructor } = prototype;
  return typeof constructor === 'function' && constructor.prototype === prototype ? constructor : undefined;
}

/** The class with this prototype, and all that it extends. */
function classesOf(prototype: object): Referable[] {
  const classes: Referable[] = [];
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at) as object | null) {
    const Class = classOf(at);
    if (Class) classes.push(Class);
  }
  return classes;
}

/** Where a private member can be declared: behind a brace, a semicolon, a new line, a comment or a modifier. */
const PRIVATE = /(?:[{};\n]|\*\/?|\b(?:static|get|set|async))\s*#[\p{ID_Start}$_]/u;

/** So many instances without private members are enough: every one that was constructed has them. */
const ENOUGH = 3;

/** Whether this very instance has private members. In a Node without an inspector it is taken to have some. */
export function hasPrivate(instance: object, handling: InstanceHandling): boolean {
  if (!handling.mayHavePrivate) return false;
  if (inspect((inspector) => inspector.hasPrivate(instance)) ?? true) return true;
  if (++handling.without === ENOUGH) handling.mayHavePrivate = false;
  return false;
}
