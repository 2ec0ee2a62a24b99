/** Messages between a parent and its child over a stream socket: length, kind, bytes. */
import { Socket } from 'node:net';
import { native } from '../native/binding.js';

/** What a message is. */
export const Kind = {
  /** The target's value. */
  result: 1,
  /** What the target threw. */
  thrown: 2,
  /** A message of the user's. */
  message: 3,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

/** Length of the body in 8 bytes (little endian), kind in 1. */
const HEAD = 9;

/** A message as bytes, its head apart so that the body is not copied. */
export function head(kind: Kind, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD);
  bytes.writeBigUInt64LE(BigInt(length));
  bytes.writeUInt8(kind, 8);
  return bytes;
}

/** Writes a message before it returns, however slow the other side reads. */
export function writeNow(fd: number, kind: Kind, body: Uint8Array): void {
  native().writeAll(fd, head(kind, body.length));
  native().writeAll(fd, body);
}

/** One end of the channel on the event loop. */
export class Channel {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #received = 0;
  #expected: { kind: Kind; length: number } | undefined;

  /** Takes the descriptor over. `onEnd` is called once, when the other side is gone or the channel was closed. */
  constructor(
    readonly fd: number,
    private readonly onMessage: (kind: Kind, body: Buffer) => void,
    onEnd: () => void,
  ) {
    this.#socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('end', () => this.#socket.destroy());
    // A connection that breaks ends the channel; `close` follows.
    this.#socket.on('error', () => {});
    this.#socket.on('close', onEnd);
  }

  /** Resolves when the bytes are handed to the system. */
  send(kind: Kind, body: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.cork();
      this.#socket.write(head(kind, body.length));
      this.#socket.write(body, (error) => (error ? reject(error) : resolve()));
      this.#socket.uncork();
    });
  }

  /** Waits until all that was sent is handed to the system, or the other side is gone. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.writableLength === 0 || this.#socket.destroyed) resolve();
      else this.#socket.write('', () => resolve());
    });
  }

  /** Takes in what the other side wrote before it ended, also where somebody else holds its end open. */
  async drain(): Promise<void> {
    let before;
    do {
      before = this.#received;
      // The first turn may be over already; in the second the loop reads all that is there.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (this.#received !== before);
  }

  setRef(keepsAlive: boolean): void {
    if (keepsAlive) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    this.#received += chunk.length;
    for (;;) {
      if (!this.#expected) {
        if (this.#buffered < HEAD) return;
        const bytes = this.#take(HEAD);
        this.#expected = { length: Number(bytes.readBigUInt64LE()), kind: bytes.readUInt8(8) as Kind };
      }
      const { kind, length } = this.#expected;
      if (this.#buffered < length) return;
      this.#expected = undefined;
      const body = this.#take(length);
      try {
        this.onMessage(kind, body);
      } catch (error) {
        // A listener's: uncaught, as from any event, but the messages behind it must not be lost.
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }

  #take(length: number): Buffer {
    this.#buffered -= length;
    const first = this.#chunks[0];
    if (first && first.length > length) {
      this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const whole = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = whole.length > length ? [whole.subarray(length)] : [];
    return whole.subarray(0, length);
  }
}
