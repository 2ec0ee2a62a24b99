/** Reads data completely, and gives a number that tells whether it is the same data. */
import { bytesOf } from './bytes.js';

export interface Reading {
  /** Over every value, in order, independent of how V8 stores it. 32 bits, as 8 hexadecimal digits. */
  checksum: string;
  /** Numbers, strings and so on; of binary data, its bytes. Keys, and elements of Sets, which are keys too, do not count. */
  values: number;
}

/** What precedes each value, so that `[1]`, `1` and `'1'` differ. */
const enum Tag {
  Undefined = 1,
  Null,
  False,
  True,
  Integer,
  Double,
  Text,
  Bytes,
  List,
  MapOf,
  SetOf,
  Fields,
  Other,
}

/**
 * It reads each character and each byte, and allocates nothing for each value: a child that shares its memory with its
 * parent should pay for reading, not for the reader.
 */
export function readAll(data: unknown): Reading {
  const reader = new Reader();
  reader.read(data);
  return { checksum: (reader.hash >>> 0).toString(16).padStart(8, '0'), values: reader.values };
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

class Reader {
  hash = 0x811c9dc5 | 0;
  values = 0;

  read(value: unknown): void {
    if (typeof value === 'number') {
      this.values++;
      this.#number(value);
    } else if (typeof value === 'string') {
      this.values++;
      this.#text(Tag.Text, value);
    } else if (typeof value === 'object' && value !== null) {
      this.#object(value);
    } else {
      this.values++;
      this.#other(value);
    }
  }

  #object(value: object): void {
    if (Array.isArray(value)) {
      this.#mix(Tag.List);
      this.#mix(value.length);
      for (let at = 0; at < value.length; at++) this.read(value[at]);
    } else if (value instanceof Map) {
      this.#mix(Tag.MapOf);
      this.#mix(value.size);
      // forEach, unlike iteration, makes no array of each entry.
      value.forEach((element: unknown, key: unknown) => {
        this.#key(key);
        this.read(element);
      });
    } else if (value instanceof Set) {
      this.#mix(Tag.SetOf);
      this.#mix(value.size);
      value.forEach((key: unknown) => this.#key(key));
    } else if (value instanceof Date) {
      this.#number(value.getTime());
    } else {
      const bytes = bytesOf(value);
      if (bytes === undefined) this.#fields(value as Record<string, unknown>);
      else this.#bytes(bytes);
    }
  }

  #key(key: unknown): void {
    const { values } = this;
    this.read(key);
    this.values = values;
  }

  /** for-in, unlike Object.keys, makes no array for each object. */
  #fields(value: Record<string, unknown>): void {
    this.#mix(Tag.Fields);
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue;
      this.#text(Tag.Fields, key);
      this.read(value[key]);
    }
  }

  #bytes(bytes: DataView): void {
    const { byteLength } = bytes;
    this.values += byteLength;
    this.#mix(Tag.Bytes);
    this.#mix(byteLength);
    const whole = byteLength - (byteLength % 4);
    let hash = this.hash;
    for (let at = 0; at < whole; at += 4) hash = mix(hash, bytes.getUint32(at, true));
    for (let at = whole; at < byteLength; at++) hash = mix(hash, bytes.getUint8(at));
    this.hash = hash;
  }

  #text(tag: Tag, text: string): void {
    const { length } = text;
    let hash = mix(mix(this.hash, tag), length);
    for (let at = 0; at < length; at++) hash = mix(hash, text.charCodeAt(at));
    this.hash = hash;
  }

  #number(value: number): void {
    // -0 becomes 0: JSON does not keep its sign.
    const number = value + 0;
    if ((number | 0) === number) {
      this.#mix(Tag.Integer);
      this.#mix(number);
    } else {
      double[0] = number;
      this.#mix(Tag.Double);
      this.#mix(words[0] as number);
      this.#mix(words[1] as number);
    }
  }

  #other(value: unknown): void {
    if (value === null) this.#mix(Tag.Null);
    else if (value === undefined) this.#mix(Tag.Undefined);
    else if (typeof value === 'boolean') this.#mix(value ? Tag.True : Tag.False);
    else if (typeof value === 'function') this.#text(Tag.Other, value.name);
    else this.#text(Tag.Other, (value as bigint | symbol).toString());
  }

  #mix(word: number): void {
    this.hash = mix(this.hash, word);
  }
}

/** FNV-1a over words instead of bytes, with a shift that carries the high bits down. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x01000193);
  return product ^ (product >>> 15);
}
