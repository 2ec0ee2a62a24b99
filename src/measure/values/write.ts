/** Changes a part of data in place. */
import { bytesOf } from './bytes.js';

/**
 * Writes the first `percent` of the values, in one run, and gives how many it has written. `values` is how many there are, as
 * `readAll` counts them: without keys. A value is replaced by one of the same type; what is frozen is passed over.
 */
export function writeRun(data: unknown, values: number, percent: number): number {
  return writeWith(new Writer(Math.ceil((values * percent) / 100)), data);
}

/** Writes every tenth value, all over the data. */
export function writeScattered(data: unknown): number {
  return writeWith(new Writer(undefined), data);
}

function writeWith(writer: Writer, data: unknown): number {
  writer.visit(data);
  return writer.written;
}

class Writer {
  written = 0;
  #index = 0;
  /** Of a run: how many values it has. */
  readonly #run: number | undefined;

  constructor(run: number | undefined) {
    this.#run = run;
  }

  visit(value: unknown): void {
    if (typeof value !== 'object' || value === null || this.#isDone()) return;
    const bytes = bytesOf(value);
    if (bytes !== undefined) this.#bytes(bytes);
    else if (Array.isArray(value)) this.#array(value);
    else if (value instanceof Map) this.#map(value);
    else if (!(value instanceof Set) && !(value instanceof Date)) this.#fields(value as Record<string, unknown>);
  }

  #array(array: unknown[]): void {
    for (let at = 0; at < array.length && !this.#isDone(); at++) {
      const old = array[at];
      if (isContainer(old)) this.visit(old);
      else if (this.#isNext() && Reflect.set(array, at, changed(old))) this.written++;
    }
  }

  #fields(value: Record<string, unknown>): void {
    for (const key in value) {
      const old = value[key];
      if (isContainer(old)) this.visit(old);
      else if (this.#isNext() && Reflect.set(value, key, changed(old))) this.written++;
    }
  }

  #map(map: Map<unknown, unknown>): void {
    map.forEach((old, key) => {
      if (isContainer(old)) this.visit(old);
      else if (this.#isNext()) {
        map.set(key, changed(old));
        this.written++;
      }
    });
  }

  #bytes(bytes: DataView): void {
    const { byteLength } = bytes;
    if (this.#run === undefined) {
      for (let at = 0; at < byteLength; at += 10) {
        bytes.setUint8(at, bytes.getUint8(at) ^ 1);
        this.written++;
      }
      this.#index += byteLength;
      return;
    }
    const end = Math.min(byteLength, this.#run - this.#index);
    for (let at = 0; at < end; at++) bytes.setUint8(at, bytes.getUint8(at) ^ 1);
    this.written += end;
    this.#index += end;
  }

  #isNext(): boolean {
    const index = this.#index++;
    return this.#run === undefined ? index % 10 === 0 : index < this.#run;
  }

  #isDone(): boolean {
    return this.#run !== undefined && this.#index >= this.#run;
  }
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return value === 'a' ? 'b' : 'a';
  if (typeof value === 'boolean') return !value;
  return typeof value === 'bigint' ? value + 1n : value;
}
