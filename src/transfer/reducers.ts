/** How instances of classes travel that structured clone does not know: as a state that they are rebuilt from. */
import { callerOf } from './caller.js';

/** Turns an instance into something that travels, and that back into an instance, in another process. */
export interface Reducer<T, S> {
  /** Gives the state: anything that can travel, but not something that contains the instance. */
  reduce(instance: T): S;
  /** Makes the instance again. Must give an object. */
  rebuild(state: S): T;
}

export interface RegisteredReducer extends Reducer<object, unknown> {
  Class: AnyClass;
  /** URL of the module that has registered it. */
  where: string | undefined;
}

export type AnyClass = abstract new (...args: never[]) => object;

const byPrototype = new Map<object, RegisteredReducer>();
let changes = 0;

/**
 * Says how instances of `Class` travel to other processes, and those of its subclasses that have no reducer of their own.
 * Call it where it is run in every process that has to do with them: at the top level of the class's module, best of all.
 *
 * @throws TypeError if `Class` is no class, or the reducer has not both functions.
 */
export function registerReducer<T extends object, S>(
  Class: abstract new (...args: never[]) => T,
  reducer: Reducer<T, S>,
): void {
  if (typeof Class !== 'function' || typeof Class.prototype !== 'object') {
    throw new TypeError('registerReducer: the first argument must be a class');
  }
  if (typeof reducer?.reduce !== 'function' || typeof reducer.rebuild !== 'function') {
    throw new TypeError('registerReducer: the second argument must have the functions reduce and rebuild');
  }
  byPrototype.set(Class.prototype as object, {
    Class,
    reduce: (instance) => reducer.reduce(instance as T),
    rebuild: (state) => reducer.rebuild(state as S),
    where: callerOf(registerReducer),
  });
  changes++;
}

/** Of the class with this prototype, or of the nearest class above it. */
export function reducerFor(prototype: object | null): RegisteredReducer | undefined {
  if (byPrototype.size === 0) return undefined;
  for (let at = prototype; at; at = Object.getPrototypeOf(at) as object | null) {
    const found = byPrototype.get(at);
    if (found) return found;
  }
  return undefined;
}

/** Grows with every reducer. */
export function reducerChanges(): number {
  return changes;
}
