/**
 * Which instances get their classes again behind which part of a message. What a reducer has given must be complete when
 * its instance is rebuilt, so those come first that can be reached from it.
 */
import type { Copies } from './copies.js';
import { eachChild } from './problem.js';
import type { Classed, Scan } from './scan.js';
import { Placeholder } from './wire.js';

/** Instances by what is known of their class. */
export type Group = Map<Classed, object[]>;

export class Reach {
  readonly #scan: Scan;
  readonly #copies: Copies;
  readonly #partsOf: (placeholder: Placeholder) => unknown;
  /** By what is written of them; those that no part has reached. */
  readonly #left = new Map<object, { original: object; classed: Classed }>();
  readonly #seen = new Set<object>();

  /** `partsOf` gives what is written of an error, apart from its placeholder. */
  constructor(scan: Scan, copies: Copies, partsOf: (placeholder: Placeholder) => unknown) {
    this.#scan = scan;
    this.#copies = copies;
    this.#partsOf = partsOf;
    if (scan.reduced === 0) return;
    for (const classed of scan.classed.values()) {
      const written = copies.written(classed.instances);
      for (const [index, original] of classed.instances.entries()) {
        this.#left.set(written[index] as object, { original, classed });
      }
    }
  }

  /** Those that are reached from a state, and were not from an earlier one. */
  from(state: unknown): Group {
    const group: Group = new Map();
    if (this.#left.size === 0) return group;
    const open: unknown[] = [state];
    while (open.length > 0) {
      const object = open.pop();
      if (typeof object !== 'object' || object === null || this.#seen.has(object)) continue;
      this.#seen.add(object);
      if (object instanceof Placeholder) {
        open.push(this.#partsOf(object));
        continue;
      }
      const found = this.#left.get(object);
      if (found) {
        this.#left.delete(object);
        add(group, found.classed, found.original);
        open.push(this.#copies.encode(found.classed.extras.get(found.original)));
      }
      eachChild(object, (child) => open.push(child));
    }
    return group;
  }

  /** All others. */
  rest(): Group {
    if (this.#scan.reduced === 0) {
      return new Map(Array.from(this.#scan.classed.values(), (classed) => [classed, classed.instances]));
    }
    const group: Group = new Map();
    for (const { classed, original } of this.#left.values()) add(group, classed, original);
    return group;
  }
}

function add(group: Group, classed: Classed, instance: object): void {
  const instances = group.get(classed);
  if (instances) instances.push(instance);
  else group.set(classed, [instance]);
}
