/**
 * Objects of this package that the system shares between processes: locks, queues, shared memory. They travel as descriptors
 * and what else has to be known, and only while a process is being started: later nothing can carry descriptors.
 */
import { TransferError } from '../errors.js';

/** What of an object travels. */
export interface Shared {
  /** The module that rebuilds it, see `MODULES`, a slash, and its own name: `memory/SharedMemory`. */
  kind: string;
  /** Anything that can travel while a process is being started, also other such objects. */
  state: unknown;
  /** They stay the object's: what arrives are duplicates. */
  descriptors: readonly number[];
}

/** The method that gives it. It throws a ZygoteError if the object is closed or cannot be shared otherwise. */
export const share: unique symbol = Symbol('zygote.share');

export interface Shareable {
  [share](): Shared;
}

/** Gives the instances of a class that method. To be called in its static block, where `give` sees what is private. */
export function shareBy<T extends object>(Class: { prototype: T }, give: (instance: T) => Shared): void {
  const value = function (this: T): Shared {
    return give(this);
  };
  Object.defineProperty(Class.prototype, share, { value, configurable: true, writable: true });
}

/** Makes the object again. The descriptors are its own from here on, also if it throws. */
export type Rebuild = (state: never, descriptors: number[]) => object;

/** Imported when something arrives that they rebuild: small children must stay fast. Each registers its kinds. */
const MODULES: Record<string, () => Promise<unknown>> = {
  memory: () => import('../memory/shared-memory.js'),
  numbers: () => import('../memory/shared-value.js'),
  channel: () => import('../channel/index.js'),
  sync: () => import('../sync/index.js'),
};

const rebuilds = new Map<string, Rebuild>();

/** Call it at the top level of a module of `MODULES`. */
export function registerShareable(kind: string, rebuild: Rebuild): void {
  rebuilds.set(kind, rebuild);
}

/** At once where the module is there already. */
export function rebuildOf(kind: string): Rebuild | Promise<Rebuild> {
  const found = rebuilds.get(kind);
  if (found) return found;
  const load = MODULES[kind.slice(0, kind.indexOf('/'))];
  if (!load) throw unknown(kind);
  return load().then(() => rebuilds.get(kind) ?? Promise.reject(unknown(kind)));
}

export function isShareable(object: object): object is Shareable {
  return share in object;
}

function unknown(kind: string): TransferError {
  return new TransferError('$', `this process does not know how to rebuild a ${kind}`);
}
