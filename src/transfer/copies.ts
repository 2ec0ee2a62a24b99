/** A value for structured clone: with placeholders for what is special, in copies of all that has some in it. */
import { isMap, isProxy, isSet } from 'node:util/types';
import { Marks } from './marks.js';
import { put } from './own-property.js';
import { Refusal } from './problem.js';
import type { Scan } from './scan.js';
import { Placeholder } from './wire.js';

export class Copies {
  readonly #scan: Scan;
  readonly #marks: Marks;
  readonly #placeholders = new Map<object, Placeholder>();
  readonly #copies = new Map<object, object>();

  constructor(scan: Scan) {
    this.#scan = scan;
    this.#marks = new Marks(scan);
  }

  /** What is written in place of a value. */
  encode(value: unknown): unknown {
    if (this.#scan.specials.size === 0 || !this.#marks.has(value)) return value;
    const object = value as object;
    const special = this.#scan.specials.get(object);
    return special ? this.#placeholder(object, special.index) : (this.#copies.get(object) ?? this.#copy(object));
  }

  /** The same for objects that are written as they are, or have been copied. */
  written(objects: object[]): object[] {
    return this.#copies.size === 0 ? objects : objects.map((object) => this.#copies.get(object) ?? object);
  }

  #placeholder(object: object, index: number): Placeholder {
    let placeholder = this.#placeholders.get(object);
    if (!placeholder) {
      placeholder = new Placeholder(index);
      this.#placeholders.set(object, placeholder);
    }
    return placeholder;
  }

  #copy(value: object): object {
    if (isProxy(value)) throw new Refusal(value, 'it is a Proxy, which cannot be serialized');
    if (Array.isArray(value)) return this.#copyArray(value);
    if (isMap(value)) return this.#copyMap(value);
    if (isSet(value)) return this.#copySet(value);
    const copy = this.#keep(value, {});
    for (const key of Object.keys(value)) assign(copy, key, this.encode((value as Record<string, unknown>)[key]));
    return copy;
  }

  #copyArray(value: readonly unknown[]): unknown[] {
    const copy: unknown[] = this.#keep(value, []);
    const keys = Object.keys(value);
    if (keys.length === value.length) {
      for (let index = 0; index < value.length; index++) copy.push(this.encode(value[index]));
      return copy;
    }
    // With holes, or with names.
    copy.length = value.length;
    for (const key of keys) assign(copy, key, this.encode((value as unknown as Record<string, unknown>)[key]));
    return copy;
  }

  #copyMap(value: Map<unknown, unknown>): object {
    const copy = this.#keep(value, new Map<unknown, unknown>());
    // A subclass may have its own.
    Map.prototype.forEach.call(value, (entry, key) => copy.set(this.encode(key), this.encode(entry)));
    return copy;
  }

  #copySet(value: Set<unknown>): object {
    const copy = this.#keep(value, new Set<unknown>());
    Set.prototype.forEach.call(value, (element) => copy.add(this.encode(element)));
    return copy;
  }

  /** Before it is filled: the object may contain itself. */
  #keep<T extends object>(original: object, copy: T): T {
    this.#copies.set(original, copy);
    return copy;
  }
}

/** As an own property, also if that is `__proto__`. */
function assign(on: object, key: string, value: unknown): void {
  if (key === '__proto__') put(on, key, value);
  else (on as Record<string, unknown>)[key] = value;
}
