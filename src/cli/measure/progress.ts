/** One line on a terminal that changes in place. Elsewhere nothing: a log needs no progress. */
import type { WriteStream } from 'node:tty';
import type { Progress } from '../../measure/index.js';
import { minutes } from './format.js';

const CLEAR = '\r\u001B[K';

export class ProgressLine {
  readonly #stream: WriteStream;
  readonly #from = performance.now();
  #shown = false;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  /** `budget`: how long it will take at most. */
  show({ payload, contestant, round, rounds }: Progress, budget: number | undefined): void {
    if (!this.#stream.isTTY) return;
    let turn = `round ${round} of ${rounds}`;
    if (round === 0) turn = 'warming up';
    else if (round === undefined) turn = 'several children together';
    const doing = contestant === undefined ? 'making the data' : `${turn}: ${contestant}`;
    const limit = budget === undefined ? '' : ` of ${minutes(budget)}`;
    const line = `${minutes(performance.now() - this.#from)}${limit}  ${payload}: ${doing}`;
    this.#stream.write(`${CLEAR}${line.slice(0, this.#stream.columns - 1)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write(CLEAR);
    this.#shown = false;
  }
}
