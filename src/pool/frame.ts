/**
 * What a pool and its worker send to each other: frames of several entries. A frame's first segment has four numbers for each
 * entry: what it is, two numbers whose meaning depends on that, and the form of its value. Simple values are one JSON text, the
 * second segment; others are segments of their own, or, where they are large, messages of their own before the frame.
 */
import type { Body } from '../process/channel.js';
import type { Pickled } from '../transfer/pickle.js';
import type { Packed } from './packed.js';

/** What an entry is. Above `end` they are a worker's. */
export const Op = {
  /** A task: the function's number, 0; the arguments. */
  run: 1,
  /** A task for each of several items: the function's number, their count; the items. */
  map: 2,
  /** The same; each item is a list of arguments. */
  starmap: 3,
  /** A function: its number, 0; itself by reference. */
  define: 4,
  /** No tasks will come. */
  end: 5,
  /** The worker takes tasks: below this number it has all functions; 0. */
  ready: 6,
  /** A task's value: microseconds that it took, 0; the value. */
  done: 7,
  /** What a task threw: microseconds, and the place of the item in question. */
  thrown: 8,
  /** A task is begun, where there is no board that tells it: its number, 0. */
  begun: 11,
  /** A task was not begun, as it was taken back. */
  skipped: 9,
  /** The worker is about to end by an error that nobody has caught; the error. */
  uncaught: 10,
} as const;

export type Op = (typeof Op)[keyof typeof Op];

/** How an entry's value is sent. Above `segments`: how many segments it has. */
const Form = { none: 0, text: 1, bulk: 2, segments: 2 } as const;

const NUMBERS = 4;
/** Bytes from which a value is a message of its own, so that where there is no memory for it the rest arrives. */
const BULK = 65_536;

export class FrameWriter {
  #numbers = new Int32Array(64 * NUMBERS);
  #length = 0;
  #texts: string[] = [];
  #segments: Uint8Array[] = [];
  readonly #sendBulk: (segments: Uint8Array[]) => void;

  /** `sendBulk` sends a message at once. */
  constructor(sendBulk: (segments: Uint8Array[]) => void) {
    this.#sendBulk = sendBulk;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(op: Op, a: number, b: number, value: Packed): void {
    if (this.#length === this.#numbers.length) this.#grow();
    const numbers = this.#numbers;
    let at = this.#length;
    numbers[at++] = op;
    numbers[at++] = a;
    numbers[at++] = b;
    numbers[at++] = this.#put(value);
    this.#length = at;
  }

  /** The frame's segments; the writer is empty then. */
  take(): Uint8Array[] {
    const numbers = Buffer.from(this.#numbers.slice(0, this.#length).buffer);
    const text = this.#texts.length === 0 ? NOTHING : Buffer.from(`[${this.#texts.join(',')}]`);
    const segments = [numbers, text, ...this.#segments];
    this.#length = 0;
    if (this.#texts.length > 0) this.#texts = [];
    if (this.#segments.length > 0) this.#segments = [];
    return segments;
  }

  #put(value: Packed): number {
    if (value === undefined) return Form.none;
    if (typeof value === 'string') {
      this.#texts.push(value);
      return Form.text;
    }
    let size = 0;
    for (const { length } of value) size += length;
    if (size >= BULK) {
      this.#sendBulk(value);
      return Form.bulk;
    }
    this.#segments.push(...value);
    return Form.segments + value.length;
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#numbers.length);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}

const NOTHING = new Uint8Array(0);

/** A value as it has come: as it is, as bytes of `pickle`, or as the error that it could not be received for. */
export type Arrived = { value: unknown } | Pickled | RangeError | undefined;

/** Calls `take` for each entry. `bulk` are the messages that have come since the last frame, the first ones first. */
export function readFrame(
  [head, text, ...segments]: Uint8Array[],
  bulk: Body[],
  take: (op: Op, a: number, b: number, value: Arrived) => void,
): void {
  if (!head) return;
  const numbers = new Int32Array(head.buffer, head.byteOffset, head.length / Int32Array.BYTES_PER_ELEMENT);
  const values = text && text.length > 0 ? (JSON.parse(textOf(text)) as unknown[]) : [];
  let value = 0;
  let segment = 0;
  for (let at = 0; at < numbers.length; at += NUMBERS) {
    const form = numbers[at + 3] as number;
    let arrived: Arrived;
    if (form === Form.text) {
      arrived = { value: values[value++] };
    } else if (form === Form.bulk) {
      const body = bulk.shift() as Body;
      arrived = body instanceof Error ? body : { segments: body, descriptors: [] };
    } else if (form !== Form.none) {
      const count = form - Form.segments;
      arrived = { segments: segments.slice(segment, segment + count), descriptors: [] };
      segment += count;
    }
    take(numbers[at] as Op, numbers[at + 1] as number, numbers[at + 2] as number, arrived);
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
