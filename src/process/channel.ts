/** Messages between a parent and its child over a stream socket: kind, lengths of the segments, segments. */
import type { Socket } from 'node:net';
import type { Pickled } from '../transfer/pickle.js';
import { drained } from './drained.js';

/** What a message is. */
export const Kind = {
  /** The target's value. */
  result: 1,
  /** What the target threw. */
  thrown: 2,
  /** A message of the user's. */
  message: 3,
  /** To a child that does not inherit it: what it is and where it runs. */
  setup: 4,
  /** To such a child, after the setup: the target and its arguments. */
  task: 5,
  /** From such a child, before anything of the user's runs there: its process id. */
  hello: 6,
  /** Between a pool and its worker, see `pool/frame.ts`: several tasks or results. */
  frame: 7,
  /** The same: a large value, which a frame to come refers to. */
  bulk: 8,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

/** A message as it came: its segments, or why they could not be kept. */
export type Body = Uint8Array[] | RangeError;

/** Who takes the messages of a pool. */
export interface Tap {
  receive(kind: Kind, body: Body): void;
  /** Nothing more will come. */
  end(): void;
}

/** Whether messages of this kind are a pool's. */
export function isTapped(kind: Kind): boolean {
  return kind >= Kind.frame;
}

/** Kind and number of segments, 4 bytes each; then a length of 8 bytes for each segment. All little endian. */
export const HEAD = 8;
const LENGTH = 8;

/** A message as bytes, its head apart so that the segments are not copied. */
export function head(kind: Kind, segments: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD + LENGTH * segments.length);
  bytes.writeUInt32LE(kind);
  bytes.writeUInt32LE(segments.length, 4);
  segments.forEach((segment, index) => bytes.writeBigUInt64LE(BigInt(segment.length), HEAD + LENGTH * index));
  return bytes;
}

/** What the first part of a head says. */
export function readHead(bytes: Buffer): { kind: Kind; segments: number } {
  return { kind: bytes.readUInt32LE(0) as Kind, segments: bytes.readUInt32LE(4) };
}

/** The second part of a head. */
export function readLengths(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / LENGTH }, (_, index) => Number(bytes.readBigUInt64LE(LENGTH * index)));
}

/** Bytes of the second part of a head. */
export function lengthsSize(segments: number): number {
  return LENGTH * segments;
}

/** Memory for a segment: an ArrayBuffer of its own. */
export function allocate(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}

/** Messages up to this size (bytes) are copied into one piece: that is cheaper than to write several. */
const ONE_PIECE = 16_384;

/** Writes a message to a stream; `done` is called when its bytes are handed to the system, or cannot be. */
export function write(
  socket: Socket,
  kind: Kind,
  { segments }: Pick<Pickled, 'segments'>,
  done?: (error?: Error | null) => void,
): void {
  const parts: Uint8Array[] = [head(kind, segments), ...segments];
  if (segments.length > 0 && segments.reduce((sum, { length }) => sum + length, 0) <= ONE_PIECE) {
    socket.write(Buffer.concat(parts), done);
    return;
  }
  const last = parts.pop() as Uint8Array;
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.write(last, done);
  socket.uncork();
}

type Expecting =
  | { what: 'head' }
  | { what: 'lengths'; kind: Kind }
  /** `skip` is set where there is no memory for the message: its bytes are passed over. */
  | { what: 'segments'; kind: Kind; segments: Uint8Array[]; skip?: RangeError };

/** One end of the channel on the event loop. */
export class Channel {
  readonly #socket: Socket;
  readonly #onMessage: (kind: Kind, body: Body) => void;
  #received = 0;
  #expecting: Expecting = { what: 'head' };
  /** What is being filled, and how far it is. */
  #into: Uint8Array = Buffer.allocUnsafe(HEAD);
  #filled = 0;
  /** Segments still to be filled, or their lengths where they are passed over. */
  #next: (Uint8Array | number)[] = [];
  /** Of bytes to be passed over. */
  #skip = 0;

  /** Takes the socket over. `onEnd` is called once, when the other side is gone or the channel was closed. */
  constructor(socket: Socket, onMessage: (kind: Kind, body: Body) => void, onEnd: () => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => socket.destroy());
    // A connection that breaks ends the channel; `close` follows.
    socket.on('error', () => {});
    socket.on('close', onEnd);
  }

  /** Resolves when the bytes are handed to the system. */
  send(kind: Kind, message: Pick<Pickled, 'segments'>): Promise<void> {
    return new Promise((resolve, reject) => {
      write(this.#socket, kind, message, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Sends without telling when it is done. */
  post(kind: Kind, segments: Uint8Array[]): void {
    write(this.#socket, kind, { segments });
  }

  /** Whether the system has all that was sent. */
  get isFlushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Waits until all that was sent is handed to the system, or the other side is gone. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.writableLength === 0 || this.#socket.destroyed) resolve();
      else this.#socket.write('', () => resolve());
    });
  }

  /** Takes in what the other side wrote before it ended, also where somebody else holds its end open. */
  drain(): Promise<void> {
    return drained(() => this.#received);
  }

  setRef(keepsAlive: boolean): void {
    if (keepsAlive) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.length;
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
      } else {
        const part = chunk.subarray(at, at + this.#into.length - this.#filled);
        this.#into.set(part, this.#filled);
        this.#filled += part.length;
        at += part.length;
      }
      while (this.#skip === 0 && this.#filled === this.#into.length) this.#advance();
    }
  }

  /** What was expected is there. */
  #advance(): void {
    const expecting = this.#expecting;
    if (expecting.what === 'head') {
      const { kind, segments } = readHead(this.#into as Buffer);
      this.#expecting = { what: 'lengths', kind };
      this.#expect(Buffer.allocUnsafe(lengthsSize(segments)));
      return;
    }
    if (expecting.what === 'lengths') {
      const lengths = readLengths(this.#into as Buffer);
      const { kind } = expecting;
      try {
        const segments = lengths.map(allocate);
        this.#next = [...segments];
        this.#expecting = { what: 'segments', kind, segments };
      } catch (error) {
        this.#next = lengths;
        this.#expecting = { what: 'segments', kind, segments: [], skip: tooLarge(lengths, error) };
      }
    }
    const next = this.#next.shift();
    if (typeof next === 'number') {
      this.#skip = next;
      this.#expect(NOTHING);
    } else if (next) {
      this.#expect(next);
    } else {
      const { kind, segments, skip } = this.#expecting as Expecting & { what: 'segments' };
      this.#expecting = { what: 'head' };
      this.#expect(Buffer.allocUnsafe(HEAD));
      this.#deliver(kind, skip ?? segments);
    }
  }

  #expect(into: Uint8Array): void {
    this.#into = into;
    this.#filled = 0;
  }

  #deliver(kind: Kind, body: Body): void {
    try {
      this.#onMessage(kind, body);
    } catch (error) {
      // A listener's: uncaught, as from any event, but the messages behind it must not be lost.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

const NOTHING = new Uint8Array(0);

function tooLarge(lengths: number[], cause: unknown): RangeError {
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  return new RangeError(`there is no memory for a message of ${bytes} bytes`, { cause });
}
