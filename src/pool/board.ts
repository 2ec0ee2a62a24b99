/**
 * What a worker has begun and done of the tasks that it was sent: a table in memory that both processes see. So the parent can
 * take back what is not begun, however busy the worker is; and when the worker dies it knows in which task, and has the short
 * results that were not sent yet. Where there is no such memory, a worker is sent one task at a time, and says when it begins.
 *
 * A task has the slot of its number modulo the count of slots: what state it is in, how long it took, the length of its result,
 * and that. Behind the slots is the place of the item that a map is at.
 */

/** How many tasks a worker can have at a time. A power of 2. */
export const SLOTS = 512;
const MASK = SLOTS - 1;

const SIZE = Int32Array.BYTES_PER_ELEMENT;
/** Of a slot, in numbers. */
const STRIDE = 16;
/** Numbers before the text of a result. */
const HEAD = 3;
/** Of a result, in bytes. */
const LONGEST = (STRIDE - HEAD) * SIZE;
const ITEM = SLOTS * STRIDE;

/** Bytes. */
export const BOARD_SIZE: number = (ITEM + 1) * SIZE;

/** The length of what is no text: undefined; and a result that is not here, but was sent at once. */
const NOTHING = -1;
const SENT = -2;
/** In the state of a task that is done. */
const DONE = 0x4000_0000;

/** Of a task that is done. */
export interface Done {
  micros: number;
  value: unknown;
}

export class Board {
  readonly #numbers: Int32Array | undefined;
  readonly #bytes: Uint8Array = new Uint8Array(0);
  /** Where nothing is shared. */
  #begun = -1;

  /** @param memory is shared by the two processes. */
  constructor(memory: ArrayBufferLike | undefined) {
    if (!memory) return;
    this.#numbers = new Int32Array(memory, 0, ITEM + 1);
    this.#bytes = new Uint8Array(memory, 0, BOARD_SIZE);
  }

  get isShared(): boolean {
    return this.#numbers !== undefined;
  }

  /** In the parent, before a task is sent. */
  offer(number: number): void {
    if (this.#numbers) Atomics.store(this.#numbers, slot(number), mark(number));
  }

  /** In the parent: takes a task back; false if the worker has begun it. */
  revoke(number: number): boolean {
    if (!this.#numbers) return false;
    return Atomics.compareExchange(this.#numbers, slot(number), mark(number), 0) === mark(number);
  }

  /** In the parent: whether it was begun, and may be done. */
  isBegun(number: number): boolean {
    if (!this.#numbers) return number <= this.#begun;
    return Atomics.load(this.#numbers, slot(number)) !== mark(number);
  }

  /** In the parent: the worker says that it begins a task. */
  noteBegun(number: number): void {
    this.#begun = number;
  }

  /** In the parent: what came of a task, if that is here. */
  done(number: number): Done | undefined {
    const numbers = this.#numbers;
    const at = slot(number);
    if (!numbers || Atomics.load(numbers, at) !== (mark(number) | DONE)) return undefined;
    const micros = numbers[at + 1] as number;
    const length = numbers[at + 2] as number;
    if (length === SENT) return undefined;
    if (length === NOTHING) return { micros, value: undefined };
    const start = (at + HEAD) * SIZE;
    return { micros, value: JSON.parse(String.fromCharCode(...this.#bytes.subarray(start, start + length))) };
  }

  /** In the parent: whether it is done, wherever its result is. */
  isOver(number: number): boolean {
    return this.#numbers !== undefined && Atomics.load(this.#numbers, slot(number)) === (mark(number) | DONE);
  }

  /** In the parent: the place of the item that a map was at. */
  get item(): number {
    return this.#numbers ? Atomics.load(this.#numbers, ITEM) : 0;
  }

  /** In the worker: begins a task; false if it was taken back. */
  begin(number: number): boolean {
    if (!this.#numbers) return true;
    this.#numbers[ITEM] = 0;
    return Atomics.compareExchange(this.#numbers, slot(number), mark(number), -mark(number)) === mark(number);
  }

  /** In the worker, before each item of a map. */
  atItem(place: number): void {
    if (this.#numbers) this.#numbers[ITEM] = place;
  }

  /** In the worker: a task is done. False if its result, undefined or a JSON text, is too long to be kept here. */
  finish(number: number, micros: number, result: string | undefined): boolean {
    const numbers = this.#numbers;
    if (!numbers) return false;
    const at = slot(number);
    if (result !== undefined && !this.#write((at + HEAD) * SIZE, result)) return false;
    numbers[at + 1] = micros;
    numbers[at + 2] = result === undefined ? NOTHING : result.length;
    Atomics.store(numbers, at, mark(number) | DONE);
    return true;
  }

  /** In the worker: a task is done, and what came of it was sent. */
  sent(number: number): void {
    if (!this.#numbers) return;
    this.#numbers[slot(number) + 2] = SENT;
    Atomics.store(this.#numbers, slot(number), mark(number) | DONE);
  }

  #write(start: number, text: string): boolean {
    if (text.length > LONGEST) return false;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      this.#bytes[start + index] = code;
    }
    return true;
  }
}

function slot(number: number): number {
  return (number & MASK) * STRIDE;
}

/** Never 0, and of two bits less than a number has. */
function mark(number: number): number {
  return (number & 0x1fff_ffff) + 1;
}
