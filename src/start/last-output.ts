/** What a process wrote to standard error last, on its way to where it belongs. */
import type { Readable, Writable } from 'node:stream';
import { drained } from '../process/drained.js';

const LINES = 20;
/** Bytes. */
const MOST = 8192;

/** Hands a stream on, and keeps its end. */
export class LastOutput {
  #tail = '';
  #received = 0;

  constructor(from: Readable, to: Writable) {
    from.on('data', (chunk: Buffer) => {
      to.write(chunk);
      this.#received += chunk.length;
      this.#tail = (this.#tail + chunk.toString()).slice(-MOST);
    });
    // Whoever writes is gone.
    from.on('error', () => {});
  }

  /** The last lines of a process that has ended; empty if there were none. */
  async text(): Promise<string> {
    await drained(() => this.#received);
    return this.#tail.trimEnd().split('\n').slice(-LINES).join('\n');
  }
}
