/** What stands first in a message: all that has to be found in the other process before the value can be read there. */
import type { Reference } from './define.js';
import { isEverywhere } from './error-class.js';
import { classNameOf, type ErrorClassName } from './error-parts.js';
import type { Handle } from './handles.js';
import { findExport } from './reference.js';
import type { Scan, Special } from './scan.js';

/** References are by their numbers in the first list. */
export type Prelude = [
  references: ReferenceRecord[],
  /** What the placeholders stand for, by their numbers. */
  specials: SpecialRecord[],
  /** The ArrayBuffers that travel outside, as numbers of segments; they are transferred under their indexes here. */
  buffers: number[],
  errorClasses: ErrorClassRecord[],
  reducers: ReducerRecord[],
  /** How many states, of reduced instances and shared objects, come before the value. */
  reduced: number,
  /** Instances that are to get their classes again are listed behind every part. */
  hasClassed: boolean,
];

export type ReferenceRecord = [module: string, path: string];
export type ErrorClassRecord = [name: ErrorClassName, reference: ReferenceRecord | undefined];
export type ReducerRecord = [Class: number, name: string, where: string | undefined];

/** Begins with what it is. */
export type SpecialRecord =
  | [is: 'function', reference: number]
  | [is: 'error', Class: number, name: string, message: string]
  | [is: 'reduced', order: number, reducer: number]
  | [is: 'shared', order: number, kind: string, descriptors: number[]]
  | [is: 'handle', handle: Handle, descriptor: number];

export class PreludeBuilder {
  /** Of handles and shared objects, by their numbers in the records. */
  readonly descriptors: number[] = [];

  readonly #references = new Numbered<ReferenceRecord>();
  readonly #errorClasses = new Numbered<ErrorClassRecord>();
  readonly #reducers = new Numbered<ReducerRecord>();

  build({ specials, regions, classed, reduced }: Scan): Prelude {
    const records = Array.from(specials.values(), (special) => this.#record(special));
    for (const { Class } of classed.values()) this.refer(Class);
    const buffers = regions ? Array.from(regions.buffers(), ([, segment]) => segment) : [];
    const { list: references } = this.#references;
    return [references, records, buffers, this.#errorClasses.list, this.#reducers.list, reduced, classed.size > 0];
  }

  /** The number of a reference. */
  refer({ module, export: path }: Reference): number {
    return this.#references.number(`${module}\n${path}`, () => [module, path]);
  }

  #record(special: Special): SpecialRecord {
    if (special.is === 'function') return ['function', this.refer(special.reference)];
    if (special.is === 'error') {
      const { name, message } = special.parts;
      return ['error', this.#errorClass(special.error), name, message];
    }
    if (special.is === 'handle') return ['handle', special.handle, this.descriptors.push(special.fd) - 1];
    if (special.is === 'shared') {
      const { kind, descriptors } = special.shared;
      return ['shared', special.order, kind, descriptors.map((fd) => this.descriptors.push(fd) - 1)];
    }
    const { Class, reducer, order } = special;
    const record = (): ReducerRecord => [this.refer(Class), reducer.Class.name, reducer.where];
    return ['reduced', order, this.#reducers.number(reducer, record)];
  }

  #errorClass(error: Error): number {
    const prototype = Object.getPrototypeOf(error) as object;
    return this.#errorClasses.number(prototype, () => {
      const { constructor } = prototype;
      // A class that every process has is found by its name.
      const found =
        typeof constructor !== 'function' || isEverywhere(constructor) ? undefined : findExport(constructor);
      return [classNameOf(error), found && [found.module, found.export]];
    });
  }
}

/** A list whose elements are found again by keys. */
class Numbered<T> {
  readonly list: T[] = [];
  readonly #numbers = new Map<unknown, number>();

  number(key: unknown, make: () => T): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.list.push(make()) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}
