/** What the workers of a map write to together: the counter from which they take their items, and what each of them is at. */
import { native } from '../../native/binding.js';

/** Words of the head and of each slot: cache lines of their own, so that workers do not slow each other down. */
const LINE = 16;
/** Of the head: the first position that nobody has taken, the number of positions, and whether all shall stop. */
const NEXT = 0;
const TOTAL = 1;
const STOPPED = 2;
/** Of a slot: the first position of its chunk, and the position that it is at, plus 1. */
const START = 0;
const AT = 1;

/** Positions are words, and one more than the last is needed. */
export const MOST_ITEMS: number = 2 ** 32 - 2;

/** Some positions that a worker has taken, from `start` to before `end`. */
export interface Chunk {
  start: number;
  end: number;
}

export class Board {
  readonly #words: Uint32Array;
  readonly #slots: number;

  constructor(slots: number) {
    this.#slots = slots;
    this.#words = new Uint32Array(native().sharedPages(4 * LINE * (1 + slots)));
  }

  /** In the parent, while no worker runs. */
  reset(total: number): void {
    this.#words.fill(0);
    this.#words[TOTAL] = total;
  }

  /** Takes the next positions, `most` at most and fewer towards the end, so that all workers come to it together. */
  claim(slot: number, most: number): Chunk | undefined {
    const words = this.#words;
    const total = words[TOTAL] as number;
    for (;;) {
      const start = Atomics.load(words, NEXT);
      if (start >= total || this.isStopped) return undefined;
      const end = start + Math.min(most, Math.ceil((total - start) / (2 * this.#slots)));
      if (Atomics.compareExchange(words, NEXT, start, end) !== start) continue;
      words[this.#word(slot, START)] = start;
      return { start, end };
    }
  }

  /** Notes that the worker begins with this position. */
  enter(slot: number, position: number): void {
    this.#words[this.#word(slot, AT)] = position + 1;
  }

  /** Notes that the worker is at none. */
  leave(slot: number): void {
    this.#words[this.#word(slot, AT)] = 0;
  }

  /** The position that the worker is at, or was at when it died. */
  positionOf(slot: number): number | undefined {
    const at = this.#words[this.#word(slot, AT)] as number;
    return at === 0 ? undefined : at - 1;
  }

  /** Where the chunk begins that the worker has taken last. */
  startOf(slot: number): number {
    return this.#words[this.#word(slot, START)] as number;
  }

  /** Whether there are positions that nobody has taken. */
  get hasMore(): boolean {
    return Atomics.load(this.#words, NEXT) < (this.#words[TOTAL] as number);
  }

  /** No worker begins with a further item. */
  stop(): void {
    Atomics.store(this.#words, STOPPED, 1);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, STOPPED) !== 0;
  }

  #word(slot: number, field: number): number {
    return LINE * (1 + slot) + field;
  }
}
