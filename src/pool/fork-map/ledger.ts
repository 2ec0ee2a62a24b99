/** Which items of a map are done. */
export class Ledger {
  readonly #done: Uint8Array;
  count = 0;

  constructor(readonly total: number) {
    this.#done = new Uint8Array(total);
  }

  get isComplete(): boolean {
    return this.count === this.total;
  }

  /** False if it was done before. */
  enter(index: number): boolean {
    if (this.#done[index] === 1) return false;
    this.#done[index] = 1;
    this.count++;
    return true;
  }

  /** The indexes of those that are not. */
  missing(): Uint32Array {
    const indexes = new Uint32Array(this.total - this.count);
    let found = 0;
    for (let index = this.#done.indexOf(0); index >= 0; index = this.#done.indexOf(0, index + 1)) {
      indexes[found++] = index;
    }
    return indexes;
  }
}
