/** Finds out what data is made of, before it is handed around. */
import { bytesOf } from './bytes.js';

export interface Inspection {
  /** Why JSON would not give the same data, with the place: `$.when is a Date`. */
  notJson?: string;
  /** Why the data cannot be measured at all. */
  notMeasurable?: string;
}

/** Deep enough for data, and shallow enough for the stack of a thread. */
const DEEPEST = 1000;

export function inspectData(data: unknown): Inspection {
  const inspector = new Inspector();
  inspector.visit(data, '$');
  return inspector.found;
}

class Inspector {
  readonly found: Inspection = {};
  readonly #ancestors = new Set<object>();

  visit(value: unknown, path: string): void {
    if (typeof value !== 'object' || value === null) {
      this.#leaf(value, path);
      return;
    }
    if (this.found.notMeasurable !== undefined) return;
    if (this.#ancestors.has(value)) {
      this.found.notMeasurable = `${path} refers to an object that it is in: data with cycles cannot be read once`;
    } else if (this.#ancestors.size === DEEPEST) {
      this.found.notMeasurable = `${path.slice(0, 60)}… is nested more than ${DEEPEST} deep`;
    } else {
      this.#ancestors.add(value);
      this.#object(value, path);
      this.#ancestors.delete(value);
    }
  }

  #object(value: object, path: string): void {
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at++) {
        // Most elements need no path: it is made for those that are looked into.
        const element: unknown = value[at];
        if (this.#isPlainLeaf(element)) continue;
        this.visit(element, `${path}[${at}]`);
      }
      return;
    }
    if (value instanceof Map || value instanceof Set) {
      this.#notJson(path, `is a ${value.constructor.name}`);
      let at = 0;
      value.forEach((element: unknown, key: unknown) => {
        if (!this.#isPlainLeaf(key)) this.visit(key, `${path}.keys[${at}]`);
        if (!this.#isPlainLeaf(element)) this.visit(element, `${path}.values[${at}]`);
        at++;
      });
      return;
    }
    if (value instanceof Date) this.#notJson(path, 'is a Date, which becomes a string');
    else if (bytesOf(value) !== undefined) {
      this.#notJson(
        path,
        `is a ${value.constructor.name}, which becomes a list of numbers, several characters for each byte`,
      );
    } else this.#fields(value as Record<string, unknown>, path);
  }

  #fields(value: Record<string, unknown>, path: string): void {
    if (typeof value['toJSON'] === 'function') this.#notJson(path, 'has a toJSON function');
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue;
      const field = value[key];
      if (!this.#isPlainLeaf(field)) this.visit(field, `${path}.${key}`);
    }
  }

  #isPlainLeaf(value: unknown): boolean {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return true;
      case 'number':
        return Number.isFinite(value);
      default:
        return value === null;
    }
  }

  #leaf(value: unknown, path: string): void {
    if (this.#isPlainLeaf(value)) return;
    if (typeof value === 'number') this.#notJson(path, `is ${value}, which becomes null`);
    else if (typeof value === 'bigint') this.#notJson(path, 'is a bigint, which JSON refuses');
    else this.#notJson(path, `is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which is left out`);
  }

  #notJson(path: string, why: string): void {
    this.found.notJson ??= `${path} ${why}`;
  }
}
