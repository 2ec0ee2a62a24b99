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
  inspector.visit(data);
  return inspector.found;
}

/**
 * It makes no object for a value, only for what it finds: the parent's heap should be that of a program that has the data,
 * and not grow by looking at it.
 */
class Inspector {
  readonly found: Inspection = {};
  /** Where it is: the objects, and in each but the last the key of the next. */
  readonly #ancestors: object[] = [];
  readonly #keys: (string | number)[] = [];

  visit(value: unknown): void {
    if (typeof value !== 'object' || value === null) this.#leaf(value);
    else if (this.found.notMeasurable === undefined) {
      if (this.#ancestors.includes(value)) {
        const why = 'refers to an object that it is in: data with cycles cannot be read once';
        this.found.notMeasurable = `${this.#path()} ${why}`;
      } else if (this.#ancestors.length === DEEPEST) {
        this.found.notMeasurable = `${this.#path().slice(0, 60)}… is nested more than ${DEEPEST} deep`;
      } else {
        this.#ancestors.push(value);
        this.#object(value);
        this.#ancestors.pop();
      }
    }
  }

  #object(value: object): void {
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at++) this.#member(at, value[at]);
    } else if (value instanceof Map || value instanceof Set) {
      this.#notJson(`is a ${value.constructor.name}`);
      let at = 0;
      value.forEach((element: unknown, key: unknown) => {
        this.#member(at, key);
        if (element !== key) this.#member(at, element);
        at++;
      });
    } else if (value instanceof Date) this.#notJson('is a Date, which becomes a string');
    else if (bytesOf(value) !== undefined) {
      const { name } = value.constructor;
      this.#notJson(`is a ${name}, which becomes a list of numbers, several characters for each byte`);
    } else this.#fields(value as Record<string, unknown>);
  }

  #fields(value: Record<string, unknown>): void {
    if (typeof value['toJSON'] === 'function') this.#notJson('has a toJSON function');
    for (const key in value) if (Object.hasOwn(value, key)) this.#member(key, value[key]);
  }

  #member(key: string | number, value: unknown): void {
    if (isPlainLeaf(value)) return;
    this.#keys.push(key);
    this.visit(value);
    this.#keys.pop();
  }

  #leaf(value: unknown): void {
    if (isPlainLeaf(value)) return;
    if (typeof value === 'number') this.#notJson(`is ${value}, which becomes null`);
    else if (typeof value === 'bigint') this.#notJson('is a bigint, which JSON refuses');
    else this.#notJson(`is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which is left out`);
  }

  #notJson(why: string): void {
    this.found.notJson ??= `${this.#path()} ${why}`;
  }

  #path(): string {
    return `$${this.#keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;
  }
}

function isPlainLeaf(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
}
