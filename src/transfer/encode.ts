/** Writes what a scan has found: first what has to be known before the rest can be read, then the value itself. */
import { isProxy } from 'node:util/types';
import type { Reference } from './define.js';
import { isEverywhere } from './error-class.js';
import { classNameOf, type ErrorClassName, type ErrorParts } from './error-parts.js';
import type { Handle } from './handles.js';
import { eachChild, nameOf, Refusal } from './problem.js';
import { findExport } from './reference.js';
import type { Classed, Scan, Special } from './scan.js';
import { Placeholder, Writer } from './wire.js';

/** What stands first in the message. References are by their numbers in `references`. */
export interface Prelude {
  references: [module: string, path: string][];
  /** What the placeholders stand for, by their numbers. */
  specials: SpecialRecord[];
  /** The ArrayBuffers that travel outside, as numbers of segments; they are transferred under their indexes here. */
  buffers: number[];
  errorClasses: (ErrorClassName & { reference: [module: string, path: string] | undefined })[];
  reducers: { Class: number; name: string; where: string | undefined }[];
  /** Instances that are to get their classes again are listed behind every part. */
  hasClassed: boolean;
  /** How many states of reduced instances come before the value. */
  reduced: number;
}

export type SpecialRecord =
  | { is: 'function'; reference: number }
  | { is: 'error'; Class: number; name: string; message: string }
  | { is: 'reduced'; reducer: number; order: number }
  | { is: 'handle'; handle: Handle; descriptor: number };

/** Instances of one class, and their properties that structured clone leaves out. */
export type ClassedGroup = [
  Class: number,
  instances: object[],
  extras: (Record<string, unknown> | undefined)[] | undefined,
];

interface Reach {
  /** Not yet reached by an earlier state. */
  unwritten: Map<object, Classed>;
  /** By what is written in their place. */
  originals: Map<object, object>;
  parts: ErrorParts[];
  seen: Set<object>;
}

export class Encoder {
  readonly #scan: Scan;
  readonly #placeholders = new Map<object, Placeholder>();
  readonly #copies = new Map<object, object>();
  readonly #references = new Map<string, number>();
  readonly #errorClasses = new Map<object, number>();
  readonly #prelude: Prelude = {
    references: [],
    specials: [],
    buffers: [],
    errorClasses: [],
    reducers: [],
    hasClassed: false,
    reduced: 0,
  };
  readonly descriptors: number[] = [];

  constructor(scan: Scan) {
    this.#scan = scan;
  }

  /** The segments of the value; `tag` is the first byte. */
  write(value: unknown, tag: number): Uint8Array[] {
    const root = this.#encode(value);
    const states: unknown[] = [];
    const parts: ErrorParts[] = [];
    // Encoding can add to them: getters may give something new.
    for (const [object, special] of this.#scan.specials) {
      const { index } = this.#placeholder(object);
      if (special.is === 'reduced') states[special.order] = this.#encode(special.state);
      if (special.is === 'error') parts[index] = this.#encode(special.parts) as ErrorParts;
    }
    for (const { extra } of this.#scan.classed.values()) this.#encode(extra);

    let part = 0;
    const errors: number[] = [];
    const specials = [...this.#scan.specials.values()];
    const large = this.#scan.regions.settle(1);
    const writer = new Writer(
      (view) => this.#scan.regions.placeOf(view),
      ({ index }) => {
        const special = specials[index];
        if (special?.is === 'error') errors.push(index);
        if (special?.is === 'reduced' && special.order >= part) throw cycle(special);
      },
    );
    writer.writeRawBytes(Uint8Array.of(tag));
    writer.writeHeader();
    writer.writeValue(this.#fillPrelude(specials));
    for (const [id, [buffer]] of [...this.#scan.regions.buffers()].entries()) writer.transferArrayBuffer(id, buffer);

    const unwritten = new Map(this.#scan.classed);
    const finish = (groups: ClassedGroup[]) => {
      const finishErrors = () => {
        while (errors.length > 0) writer.writeValue(errors.splice(0).map((index) => parts[index]));
      };
      finishErrors();
      if (!this.#prelude.hasClassed) return;
      writer.writeValue(groups);
      finishErrors();
    };
    const originals = new Map<object, object>();
    for (const original of unwritten.keys()) originals.set(this.#copies.get(original) ?? original, original);
    const seen = new Set<object>();
    for (const state of states) {
      writer.writeValue([state]);
      finish(this.#group(this.#takeReachable(state, { unwritten, originals, parts, seen })));
      part++;
    }
    writer.writeValue(root);
    finish(this.#group(unwritten));
    return [writer.releaseBuffer(), ...large];
  }

  /** The same value for structured clone: with placeholders, and with copies of all that has some in it. */
  #encode(value: unknown): unknown {
    if (!this.#scan.see(value)) return value;
    const object = value as object;
    if (this.#scan.specials.has(object)) return this.#placeholder(object);
    return this.#copies.get(object) ?? this.#copy(object);
  }

  #copy(value: object): object {
    if (isProxy(value)) throw new Refusal(value, 'it is a Proxy, which cannot be serialized');
    if (Array.isArray(value)) return this.#copyArray(value);
    if (value instanceof Map) {
      const copy = new Map<unknown, unknown>();
      this.#copies.set(value, copy);
      for (const [key, entry] of value) copy.set(this.#encode(key), this.#encode(entry));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set<unknown>();
      this.#copies.set(value, copy);
      for (const element of value) copy.add(this.#encode(element));
      return copy;
    }
    const copy = {};
    this.#copies.set(value, copy);
    for (const key of Object.keys(value)) set(copy, key, this.#encode((value as Record<string, unknown>)[key]));
    return copy;
  }

  #copyArray(value: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    this.#copies.set(value, copy);
    const keys = Object.keys(value);
    if (keys.length === value.length) {
      for (const element of value) copy.push(this.#encode(element));
      return copy;
    }
    // With holes, or with names.
    copy.length = value.length;
    for (const key of keys) set(copy, key, this.#encode((value as unknown as Record<string, unknown>)[key]));
    return copy;
  }

  #placeholder(object: object): Placeholder {
    let placeholder = this.#placeholders.get(object);
    if (!placeholder) {
      placeholder = new Placeholder(this.#scan.specials.get(object)?.index ?? 0);
      this.#placeholders.set(object, placeholder);
    }
    return placeholder;
  }

  #fillPrelude(specials: Special[]): Prelude {
    const { regions, classed, reduced } = this.#scan;
    const prelude = this.#prelude;
    prelude.specials = specials.map((special) => this.#record(special));
    prelude.buffers = Array.from(regions.buffers(), ([, segment]) => segment);
    prelude.hasClassed = classed.size > 0;
    prelude.reduced = reduced;
    for (const { Class } of classed.values()) this.#refer(Class);
    return prelude;
  }

  #record(special: Special): SpecialRecord {
    if (special.is === 'function') return { is: 'function', reference: this.#refer(special.reference) };
    if (special.is === 'error') {
      const { name, message } = special.parts;
      return { is: 'error', Class: this.#errorClass(special.error), name, message };
    }
    if (special.is === 'handle') {
      return { is: 'handle', handle: special.handle, descriptor: this.descriptors.push(special.fd) - 1 };
    }
    const { Class, reducer, order } = special;
    return { is: 'reduced', reducer: this.#reducer(this.#refer(Class), reducer.Class.name, reducer.where), order };
  }

  #reducer(Class: number, name: string, where: string | undefined): number {
    const { reducers } = this.#prelude;
    const known = reducers.findIndex((reducer) => reducer.Class === Class);
    return known >= 0 ? known : reducers.push({ Class, name, where }) - 1;
  }

  #errorClass(error: Error): number {
    const prototype = Object.getPrototypeOf(error) as object;
    let index = this.#errorClasses.get(prototype);
    if (index === undefined) {
      const { constructor } = prototype;
      const known = classNameOf(error);
      // A class that every process has is found by its name.
      const Class =
        typeof constructor !== 'function' || isEverywhere(constructor) ? undefined : findExport(constructor);
      const reference: [string, string] | undefined = Class && [Class.module, Class.export];
      index = this.#prelude.errorClasses.push({ ...known, reference }) - 1;
      this.#errorClasses.set(prototype, index);
    }
    return index;
  }

  #refer({ module, export: path }: Reference): number {
    const key = `${module}\n${path}`;
    let index = this.#references.get(key);
    if (index === undefined) {
      index = this.#prelude.references.push([module, path]) - 1;
      this.#references.set(key, index);
    }
    return index;
  }

  /** Takes out of `unwritten` what can be reached from a state: it has to be complete when its instance is rebuilt. */
  #takeReachable(state: unknown, { unwritten, originals, parts, seen }: Reach): Map<object, Classed> {
    const taken = new Map<object, Classed>();
    if (unwritten.size === 0) return taken;
    const open: unknown[] = [state];
    while (open.length > 0) {
      const object = open.pop();
      if (typeof object !== 'object' || object === null || seen.has(object)) continue;
      seen.add(object);
      if (object instanceof Placeholder) {
        open.push(parts[object.index]);
        continue;
      }
      const original = originals.get(object) ?? object;
      const classed = unwritten.get(original);
      if (classed) {
        taken.set(original, classed);
        unwritten.delete(original);
        open.push(this.#encode(classed.extra));
      }
      eachChild(object, (child) => open.push(child));
    }
    return taken;
  }

  #group(classed: Map<object, Classed>): ClassedGroup[] {
    const groups = new Map<number, ClassedGroup>();
    for (const [original, { Class, extra }] of classed) {
      const instance = this.#copies.get(original) ?? original;
      const index = this.#refer(Class);
      let group = groups.get(index);
      if (!group) groups.set(index, (group = [index, [], undefined]));
      group[1].push(instance);
      if (extra) (group[2] ??= [])[group[1].length - 1] = this.#encode(extra) as Record<string, unknown>;
    }
    return [...groups.values()];
  }
}

function cycle({ instance }: { instance: object }): Refusal {
  return new Refusal(
    instance,
    `what the reducer of ${nameOf(instance)} gives contains the instance itself: leave it out, and put it back in rebuild()`,
  );
}

/** As an own property, whatever it is called. */
function set(on: object, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(on, key, { value, writable: true, enumerable: true, configurable: true });
  else (on as Record<string, unknown>)[key] = value;
}
