/**
 * Walks a value once before it is written, and finds what structured clone does not do by itself. Plain data costs one
 * look at each property; an object with nothing but primitives in it is not even remembered.
 */
import {
  isAnyArrayBuffer,
  isBoxedPrimitive,
  isDate,
  isMap,
  isRegExp,
  isSet,
  isSharedArrayBuffer,
} from 'node:util/types';
import type { Referable, Reference } from './define.js';
import { type ErrorParts, takeApart } from './error-parts.js';
import { type Handle, openHandle } from './handles.js';
import { type Handling, handlingOf, hasPrivate } from './handling.js';
import { whyNoReference } from './no-reference.js';
import { locate, nameOf, printError, Refusal } from './problem.js';
import type { RegisteredReducer } from './reducers.js';
import { findReference } from './reference.js';
import { LARGE, Regions } from './regions.js';

/** Something that a placeholder stands for on the wire, by its number there. */
export type Special = { index: number } & (
  | { is: 'function'; reference: Reference }
  | { is: 'error'; error: Error; parts: ErrorParts }
  | { is: 'reduced'; instance: object; reducer: RegisteredReducer; Class: Reference; state: unknown; order: number }
  | { is: 'handle'; handle: Handle; fd: number }
);

export interface ScanOptions {
  /** Handles can travel. */
  descriptors: boolean;
  /** What is to be said in place of a part of an error that cannot travel; undefined if it can. */
  describe?: ((read: () => unknown) => string | undefined) | undefined;
}

/** An instance that is given its class again. */
export interface Classed {
  Class: Reference;
  /** Own properties of a Map, a view and the like, which structured clone leaves out. */
  extra: Record<string, unknown> | undefined;
}

/** Of an object with others in it. */
const State = {
  /** Is being walked: whether there is something special below is not known, and taken for granted. */
  open: 1,
  clean: 2,
  /** Has something special below. */
  marked: 3,
} as const;

type State = (typeof State)[keyof typeof State];

/** Above this length an array that has as many elements is rare: only those that are there are looked at. */
const SPARSE = 2 ** 25;

export class Scan {
  /** By the function, error, instance or handle; in the order of their numbers. */
  readonly specials: Map<object, Special> = new Map();
  readonly classed: Map<object, Classed> = new Map();
  readonly regions: Regions = new Regions();
  /** How many instances have been reduced. */
  reduced = 0;

  readonly #options: ScanOptions;
  readonly #states = new Map<object, State>();
  readonly #handlings = new Map<object, Handling>();

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  /** Whether there is nothing in it that structured clone does not do. */
  get isPlain(): boolean {
    return this.specials.size === 0 && this.classed.size === 0 && this.regions.isEmpty;
  }

  /**
   * Looks at a value and all that is in it; true if it is, or has in it, something special.
   *
   * @throws Refusal for what cannot travel.
   */
  see(value: unknown): boolean {
    if (typeof value === 'object') return value !== null && this.#object(value);
    if (typeof value === 'function') return this.#function(value);
    if (typeof value === 'symbol') throw new Refusal(value, 'it is a symbol, which cannot be serialized');
    return false;
  }

  #object(value: object): boolean {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null) {
      for (const key in value) if (!isPrimitive((value as Record<string, unknown>)[key])) return this.#members(value);
      return false;
    }
    if (prototype === Array.prototype && Array.isArray(value)) return this.#array(value);
    return this.#other(value, prototype);
  }

  #members(value: object): boolean {
    const state = this.#states.get(value);
    if (state !== undefined) return state !== State.clean;
    this.#states.set(value, State.open);
    let marked = false;
    for (const key of Object.keys(value)) if (this.see((value as Record<string, unknown>)[key])) marked = true;
    return this.#close(value, marked);
  }

  #array(value: readonly unknown[]): boolean {
    const { length } = value;
    if (length > SPARSE) return this.#members(value);
    let first = 0;
    while (first < length && isPrimitive(value[first])) first++;
    if (first === length) return false;
    const state = this.#states.get(value);
    if (state !== undefined) return state !== State.clean;
    this.#states.set(value, State.open);
    let marked = false;
    for (let index = first; index < length; index++) if (this.see(value[index])) marked = true;
    return this.#close(value, marked);
  }

  #close(value: object, marked: boolean): boolean {
    this.#states.set(value, marked ? State.marked : State.clean);
    return marked;
  }

  #other(value: object, prototype: object): boolean {
    const handling = this.#handling(value, prototype);
    if (handling.as === 'clone') return this.#content(value);
    if (handling.as === 'instance') return this.#instance(value, handling.Class, handling.mayHavePrivate);
    if (handling.as === 'error') return this.#error(value as Error);
    if (handling.as === 'reduced') return this.#reduce(value, handling.reducer, handling.Class);
    return this.#handle(value);
  }

  /** The same within a value, also where that may change later. */
  #handling(value: object, prototype: object): Handling {
    let handling = this.#handlings.get(prototype);
    if (!handling) {
      handling = handlingOf(value, prototype);
      this.#handlings.set(prototype, handling);
    }
    return handling;
  }

  #content(value: object): boolean {
    if (Array.isArray(value)) return this.#array(value);
    if (ArrayBuffer.isView(value)) return this.#view(value);
    if (isMap(value)) return this.#collection(value, value);
    if (isSet(value)) return this.#collection(value, undefined);
    if (isAnyArrayBuffer(value)) return this.#buffer(value);
    if (isDate(value) || isRegExp(value) || isBoxedPrimitive(value)) return false;
    return this.#members(value);
  }

  #collection(value: Iterable<unknown> & object, map: ReadonlyMap<unknown, unknown> | undefined): boolean {
    const state = this.#states.get(value);
    if (state !== undefined) return state !== State.clean;
    this.#states.set(value, State.open);
    let marked = false;
    if (map) {
      for (const [key, entry] of map) {
        if (this.see(key)) marked = true;
        if (this.see(entry)) marked = true;
      }
    } else for (const element of value) if (this.see(element)) marked = true;
    return this.#close(value, marked);
  }

  #view(value: ArrayBufferView): boolean {
    if (isSharedArrayBuffer(value.buffer)) throw shared(value);
    if (value.byteLength >= LARGE) this.regions.addView(value);
    return false;
  }

  #buffer(value: ArrayBufferLike): boolean {
    if (isSharedArrayBuffer(value)) throw shared(value);
    // One that can be resized stays so inside of the message.
    const { resizable = false } = value as { resizable?: boolean };
    if (value.byteLength >= LARGE && !resizable) this.regions.addBuffer(value);
    return false;
  }

  #instance(value: object, Class: Reference, mayHavePrivate: boolean): boolean {
    if (!this.classed.has(value)) {
      if (mayHavePrivate && hasPrivate(value)) {
        throw new Refusal(
          value,
          `it is a ${nameOf(value)}, which has private members (#…) that nobody else can read: say how it travels with registerReducer()`,
        );
      }
      const extra = extraOf(value);
      this.classed.set(value, { Class, extra });
      if (extra) this.see(extra);
    }
    return this.#content(value);
  }

  #function(value: Referable): boolean {
    if (this.specials.has(value)) return true;
    const reference = findReference(value);
    if (!reference) throw new Refusal(value, whyNoReference(value));
    this.specials.set(value, { is: 'function', index: this.specials.size, reference });
    return true;
  }

  #error(error: Error): boolean {
    if (this.specials.has(error)) return true;
    const parts: ErrorParts = { name: '', message: '', stack: '', keys: [], values: [] };
    const special: Special = { is: 'error', index: this.specials.size, error, parts };
    this.specials.set(error, special);
    special.parts = takeApart(error, this.#options.describe);
    this.see(special.parts);
    return true;
  }

  #handle(value: object): boolean {
    if (this.specials.has(value)) return true;
    if (!this.#options.descriptors) {
      throw new Refusal(
        value,
        `it is a ${nameOf(value)}, which can only be passed to a process while it is being started: put it in args`,
      );
    }
    const opened = openHandle(value);
    if (typeof opened === 'string') throw new Refusal(value, opened);
    this.specials.set(value, { is: 'handle', index: this.specials.size, ...opened });
    return true;
  }

  #reduce(instance: object, reducer: RegisteredReducer, Class: Reference | undefined): boolean {
    if (this.specials.has(instance)) return true;
    if (!Class) {
      const why = whyNoReference(reducer.Class);
      throw new Refusal(instance, `the other process cannot find the class of its reducer: ${why}`);
    }
    const index = this.specials.size;
    const special: Special = { is: 'reduced', index, instance, reducer, Class, state: undefined, order: Infinity };
    this.specials.set(instance, special);
    try {
      special.state = reducer.reduce(instance);
    } catch (cause) {
      throw new Refusal(instance, `its reducer throws ${printError(cause)}`, { cause });
    }
    try {
      this.see(special.state);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { path, reason } = locate(special.state, error);
      throw new Refusal(instance, `what its reducer gives for it cannot travel, at ${path}: ${reason}`, {
        cause: error,
      });
    }
    special.order = this.reduced++;
    return true;
  }
}

function isPrimitive(value: unknown): boolean {
  if (typeof value === 'object') return value === null;
  return typeof value !== 'function' && typeof value !== 'symbol';
}

function shared(value: object): Refusal {
  return new Refusal(
    value,
    `it is ${ArrayBuffer.isView(value) ? `a ${nameOf(value)} on` : 'a'} SharedArrayBuffer, which only threads of one process can share, and a copy would be shared with nobody: send a copy of it in an ArrayBuffer`,
  );
}

/** What structured clone leaves out of an instance of a class that extends a built-in one. */
function extraOf(value: object): Record<string, unknown> | undefined {
  let keys: string[];
  if (ArrayBuffer.isView(value)) {
    // Indexes come first.
    keys = Object.keys(value).slice((value as { length?: number }).length ?? 0);
  } else if (isMap(value) || isSet(value) || isDate(value) || isRegExp(value) || isAnyArrayBuffer(value)) {
    keys = Object.keys(value);
  } else return undefined;
  if (keys.length === 0) return undefined;
  return Object.fromEntries(keys.map((key) => [key, (value as unknown as Record<string, unknown>)[key]]));
}
