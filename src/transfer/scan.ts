/**
 * Walks a value once before it is written, and finds what structured clone does not do by itself. Plain data costs one
 * look at each property; of small objects with nothing but data in them it does not even remember that it has seen them.
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
import { type Handling, handlingOf, hasPrivate, type InstanceHandling } from './handling.js';
import { whyNoReference } from './no-reference.js';
import { aNameOf, locate, printError, Refusal } from './problem.js';
import type { RegisteredReducer } from './reducers.js';
import { findReference } from './reference.js';
import { LARGE, Regions } from './regions.js';
import { share, type Shareable, type Shared } from './shareable.js';
import { isSmall } from './small.js';

/** Something that a placeholder stands for on the wire, by its number there. */
export type Special = { index: number } & (
  | { is: 'function'; reference: Reference }
  | { is: 'error'; error: Error; parts: ErrorParts }
  | { is: 'reduced'; instance: object; reducer: RegisteredReducer; Class: Reference; state: unknown; order: number }
  | { is: 'shared'; instance: object; shared: Shared; state: unknown; order: number }
  | { is: 'handle'; handle: Handle; fd: number }
);

export interface ScanOptions {
  /** Handles and what the system shares can travel. */
  descriptors: boolean;
  /** What is to be said in place of a part of an error that cannot travel; undefined if it can. */
  describe?: ((read: () => unknown) => string | undefined) | undefined;
}

/** Instances that are given their class again. */
export interface Classed {
  Class: Reference;
  instances: object[];
  /** Own properties of Maps, views and the like, which structured clone leaves out. */
  extras: Map<object, Record<string, unknown>>;
}

/** Above this length an array that has as many elements is rare: only those that are there are looked at. */
export const SPARSE: number = 2 ** 25;

export class Scan {
  /** By the function, error, instance, shared object or handle; in the order of their numbers. */
  readonly specials: Map<object, Special> = new Map();
  /** By their prototypes. */
  readonly classed: Map<object, Classed> = new Map();
  /** Undefined if nothing is large. */
  regions: Regions | undefined;
  /** How many objects have been reduced to states. */
  reduced = 0;

  readonly #options: ScanOptions;
  /** Objects with others in them, and instances. */
  readonly #seen = new Set<object>();
  readonly #handlings = new Map<object, Handling>();

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  /** Whether there is nothing in it that structured clone does not do. */
  get isPlain(): boolean {
    return this.specials.size === 0 && this.classed.size === 0 && !this.regions;
  }

  /**
   * Looks at a value and all that is in it. What was seen before costs nothing.
   *
   * @throws Refusal for what cannot travel.
   */
  see(value: unknown): void {
    if (typeof value === 'object') {
      if (value !== null) this.#object(value);
    } else if (typeof value === 'function') this.#function(value);
    else if (typeof value === 'symbol') throw new Refusal(value, 'it is a symbol, which cannot be serialized');
  }

  #object(value: object): void {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null) {
      if (!isSmall(value) && this.#isNew(value)) this.#members(value);
    } else if (prototype === Array.prototype && Array.isArray(value)) {
      if (!isSmall(value) && this.#isNew(value)) this.#elements(value);
    } else this.#other(value, prototype);
  }

  #isNew(value: object): boolean {
    const before = this.#seen.size;
    return this.#seen.add(value).size > before;
  }

  #members(value: object): void {
    for (const key of Object.keys(value)) this.see((value as Record<string, unknown>)[key]);
  }

  #elements(value: readonly unknown[]): void {
    const { length } = value;
    if (length > SPARSE) this.#members(value);
    else for (let index = 0; index < length; index++) this.see(value[index]);
  }

  #other(value: object, prototype: object): void {
    const handling = this.#handling(value, prototype);
    // Where parts that cannot travel are described, no reducer is asked: it could not be done without.
    if (this.#options.describe && value instanceof Error) this.#error(value);
    else if (handling.as === 'clone') this.#content(value);
    else if (handling.as === 'instance') this.#instance(value, prototype, handling);
    else if (handling.as === 'error') this.#error(value as Error);
    else if (handling.as === 'reduced') this.#reduce(value, handling.reducer, handling.Class);
    else if (handling.as === 'handle') this.#handle(value);
    else this.#share(value as Shareable);
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

  /** Of an object that is not plain. */
  #content(value: object): void {
    if (ArrayBuffer.isView(value)) this.#view(value);
    else if (this.#isNew(value)) this.#inside(value);
  }

  #inside(value: object): void {
    if (Array.isArray(value)) this.#elements(value);
    else if (ArrayBuffer.isView(value)) this.#view(value);
    else if (isMap(value)) this.#map(value);
    else if (isSet(value)) Set.prototype.forEach.call(value, (element) => this.see(element));
    else if (isAnyArrayBuffer(value)) this.#buffer(value);
    else if (!isDate(value) && !isRegExp(value) && !isBoxedPrimitive(value)) this.#members(value);
  }

  #map(value: Map<unknown, unknown>): void {
    // A subclass may have its own.
    Map.prototype.forEach.call(value, (entry, key) => {
      this.see(key);
      this.see(entry);
    });
  }

  #view(value: ArrayBufferView): void {
    if (isSharedArrayBuffer(value.buffer)) throw ofThreads(value);
    if (value.byteLength >= LARGE) (this.regions ??= new Regions()).addView(value);
  }

  #buffer(value: ArrayBufferLike): void {
    if (isSharedArrayBuffer(value)) throw ofThreads(value);
    // One that can be resized stays so inside of the message.
    const { resizable = false } = value as { resizable?: boolean };
    if (value.byteLength >= LARGE && !resizable) (this.regions ??= new Regions()).addBuffer(value);
  }

  #instance(value: object, prototype: object, handling: InstanceHandling): void {
    const { Class, isExotic } = handling;
    // One that is small and occurs twice is listed twice.
    const isFull = isExotic || !isSmall(value);
    if (isFull && !this.#isNew(value)) return;
    if (hasPrivate(value, handling)) {
      throw new Refusal(
        value,
        `it is ${aNameOf(value)}, which has private members (#…) that nobody else can read: say how it travels with registerReducer()`,
      );
    }
    let classed = this.classed.get(prototype);
    if (!classed) this.classed.set(prototype, (classed = { Class, instances: [], extras: new Map() }));
    classed.instances.push(value);
    if (isExotic) this.#exotic(value, classed);
    else if (isFull) this.#members(value);
  }

  /** An instance of a class that extends a built-in one. */
  #exotic(value: object, { extras }: Classed): void {
    const extra = extraOf(value);
    if (extra) {
      extras.set(value, extra);
      this.see(extra);
    }
    this.#inside(value);
  }

  #function(value: Referable): void {
    if (this.specials.has(value)) return;
    const reference = findReference(value);
    if (!reference) throw new Refusal(value, whyNoReference(value));
    this.specials.set(value, { is: 'function', index: this.specials.size, reference });
  }

  #error(error: Error): void {
    if (this.specials.has(error)) return;
    const parts: ErrorParts = { name: '', message: '', stack: '', keys: [], values: [] };
    const special: Special = { is: 'error', index: this.specials.size, error, parts };
    this.specials.set(error, special);
    special.parts = takeApart(error, this.#options.describe);
    this.see(special.parts);
  }

  #handle(value: object): void {
    if (this.specials.has(value)) return;
    if (!this.#options.descriptors) {
      throw new Refusal(
        value,
        `it is ${aNameOf(value)}, which can only be passed to a process while it is being started: put it in args`,
      );
    }
    const opened = openHandle(value);
    if (typeof opened === 'string') throw new Refusal(value, opened);
    this.specials.set(value, { is: 'handle', index: this.specials.size, ...opened });
  }

  #reduce(instance: object, reducer: RegisteredReducer, Class: Reference | undefined): void {
    if (this.specials.has(instance)) return;
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
    this.#seeState(special, 'what its reducer gives for it cannot travel');
  }

  #share(instance: Shareable): void {
    if (this.specials.has(instance)) return;
    if (!this.#options.descriptors) {
      throw new Refusal(
        instance,
        `it is ${aNameOf(instance)}, which can only be shared with a process while it is being started: pass it in args, or to a pool's workers in initArgs`,
      );
    }
    let shared: Shared;
    try {
      shared = instance[share]();
    } catch (cause) {
      throw new Refusal(instance, cause instanceof Error ? cause.message : printError(cause), { cause });
    }
    const index = this.specials.size;
    const special: Special = { is: 'shared', index, instance, shared, state: shared.state, order: Infinity };
    this.specials.set(instance, special);
    this.#seeState(special, 'what belongs to it cannot travel');
  }

  #seeState(special: Extract<Special, { state: unknown }>, otherwise: string): void {
    try {
      this.see(special.state);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { path, reason } = locate(special.state, error);
      throw new Refusal(special.instance, `${otherwise}, at ${path}: ${reason}`, { cause: error });
    }
    special.order = this.reduced++;
  }
}

function ofThreads(value: object): Refusal {
  return new Refusal(
    value,
    `it is ${ArrayBuffer.isView(value) ? `${aNameOf(value)} on a` : 'a'} SharedArrayBuffer, which only threads of one process can share, and a copy would be shared with nobody: pass a SharedMemory or SharedArray in args instead, or a copy in an ArrayBuffer`,
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
