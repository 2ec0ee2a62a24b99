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

  show({ payload, contestant, round, rounds }: Progress): void {
    if (!this.#stream.isTTY) return;
    let doing = 'making the data';
    if (contestant !== undefined)
      doing = `${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}: ${contestant}`;
    const line = `${minutes(performance.now() - this.#from)}  ${payload}: ${doing}`;
    this.#stream.write(`${CLEAR}${line.slice(0, this.#stream.columns - 1)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write(CLEAR);
    this.#shown = false;
  }
}
