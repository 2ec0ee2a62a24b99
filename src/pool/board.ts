/**
 * Which of the tasks that were sent to a worker it has begun: a table in memory that both processes see. So the parent can take
 * back what is not begun, however busy the worker is, and knows what it was doing when it died. Where there is no such memory, a
 * worker is sent one task at a time, which is taken to be begun.
 *
 * A task has the slot of its number modulo the count of slots: positive when it was sent, negative when it was begun, 0 when it
 * was taken back. Behind the slots is the place of the item that a map is at.
 */

/** How many tasks a worker can have at a time. A power of 2. */
export const SLOTS = 512;
const MASK = SLOTS - 1;
const ITEM = SLOTS;

/** Bytes. */
export const BOARD_SIZE: number = (SLOTS + 1) * Int32Array.BYTES_PER_ELEMENT;

export class Board {
  readonly #slots: Int32Array | undefined;

  /** @param memory is shared by the two processes. */
  constructor(memory: ArrayBufferLike | undefined) {
    this.#slots = memory && new Int32Array(memory, 0, SLOTS + 1);
  }

  get isShared(): boolean {
    return this.#slots !== undefined;
  }

  /** In the parent, before a task is sent. */
  offer(number: number): void {
    if (this.#slots) Atomics.store(this.#slots, number & MASK, mark(number));
  }

  /** In the parent: takes a task back; false if the worker has begun it. */
  revoke(number: number): boolean {
    if (!this.#slots) return false;
    return Atomics.compareExchange(this.#slots, number & MASK, mark(number), 0) === mark(number);
  }

  /** In the parent. */
  isBegun(number: number): boolean {
    return !this.#slots || Atomics.load(this.#slots, number & MASK) === -mark(number);
  }

  /** In the parent: the place of the item that a map was at. */
  get item(): number {
    return this.#slots ? Atomics.load(this.#slots, ITEM) : 0;
  }

  /** In the worker: begins a task; false if it was taken back. */
  begin(number: number): boolean {
    if (!this.#slots) return true;
    return Atomics.compareExchange(this.#slots, number & MASK, mark(number), -mark(number)) === mark(number);
  }

  /** In the worker, before each item of a map. */
  atItem(place: number): void {
    if (this.#slots) this.#slots[ITEM] = place;
  }
}

/** Never 0, and of one bit less than a slot has. */
function mark(number: number): number {
  return (number & 0x3fff_ffff) + 1;
}
