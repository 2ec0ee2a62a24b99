/**
 * Messages as frames: up to 128 KiB are all in the frame. Larger ones go through memory that both processes map, whose descriptor comes
 * with a frame that tells the lengths: up to 16 MiB through memory that is used again and again, where large parts stay until the receiver
 * lets go of them, and larger ones in memory of their own, which the receiver maps as its own. To make that memory takes the system about
 * 0.5 ms for each MiB, to copy a MiB less than 0.1 ms: so small parts are copied twice, and all others once.
 */
import { TransferError, ZygoteError } from '../errors.js';
import { type ConnectionEnd, native } from '../native/binding.js';
import { pickle, unpickle } from '../transfer/pickle.js';
import { asBuffer, isSmallForm, readBuffer, readSmall, writeSmall } from './small.js';

/** As `frame::MOST_BYTES` in crates/process. */
export const MOST_BYTES: number = 128 * 1024;

/** First bytes of what has several segments. Pickled values begin with 1, 2 or `[`; small ones see ./small.ts. */
const Form = {
  /** Their number and lengths, and then they themselves. */
  segments: 8,
  /** Their number and lengths; they are in the memory that has come along. */
  blob: 9,
  /** The length of the list of lengths, which is in that memory before them. */
  listed: 10,
  /** Their number and lengths; they are in memory that is the sender's again when the receiver needs them no more. */
  slab: 11,
} as const;

/** Before the lengths, of 8 bytes each: form and number. */
const HEAD = 8;
const LENGTH = 8;

/**
 * Bytes of a frame whose message is outside of it, so that the socket takes a few of them only until they are received: it takes 208 KiB,
 * and would else take hundreds of messages of any size.
 */
const WEIGHTS = [
  { from: 2 ** 20, weight: 64 * 1024 },
  { from: 0, weight: 16 * 1024 },
];

/** A message to be sent: `length` bytes, and a descriptor or -1. */
export interface Frame {
  bytes: Uint8Array;
  length: number;
  descriptor: number;
}

/** Of one end of a connection, what large messages need. */
export type Store = Pick<ConnectionEnd, 'store' | 'load' | 'takeDescriptor'>;

/** Written anew for each message. */
const out = Buffer.allocUnsafeSlow(MOST_BYTES);

/**
 * The frame of a value, to be sent from `end`. Its bytes are overwritten by the next one's; the descriptor is the caller's to close.
 *
 * @throws TransferError; ZygoteError `ERR_ZYGOTE_SYSTEM` if there is no memory for it.
 */
export function frameOf(value: unknown, end: Store): Frame {
  const length = writeSmall(value, out);
  if (length > 0) return { bytes: out, length, descriptor: -1 };
  const segments = asBuffer(value) ?? pickle(value).segments;
  const [first] = segments as [Uint8Array];
  if (process.platform === 'win32') return whole(segments);
  if (segments.length === 1 && first.length <= MOST_BYTES) {
    return { bytes: first, length: first.length, descriptor: -1 };
  }
  const table = LENGTH * segments.length;
  const bytes = segments.reduce((sum, segment) => sum + segment.length, 0);
  if (HEAD + table > MOST_BYTES) return listed(segments);
  let written = HEAD + table;
  if (written + bytes > MOST_BYTES) {
    const slab = end.store(segments);
    writeHead(slab < 0 ? Form.blob : Form.slab, segments);
    return weighted(written, bytes, slab < 0 ? native().storeBlob(segments) : slab);
  }
  writeHead(Form.segments, segments);
  for (const segment of segments) {
    out.set(segment, written);
    written += segment.length;
  }
  return { bytes: out, length: written, descriptor: -1 };
}

/** Of any length: where it goes through memory that both sides have. */
function whole(segments: readonly Uint8Array[]): Frame {
  if (segments.length === 1)
    return { bytes: segments[0] as Uint8Array, length: (segments[0] as Uint8Array).length, descriptor: -1 };
  const head = Buffer.allocUnsafe(HEAD + LENGTH * segments.length);
  head.writeUInt32LE(Form.segments);
  head.writeUInt32LE(segments.length, 4);
  segments.forEach((segment, index) => head.writeBigUInt64LE(BigInt(segment.length), HEAD + LENGTH * index));
  const bytes = Buffer.concat([head, ...segments]);
  return { bytes, length: bytes.length, descriptor: -1 };
}

/** The frame of a message that has so many bytes outside of it. */
function weighted(written: number, bytes: number, descriptor: number): Frame {
  const { weight } = WEIGHTS.find(({ from }) => bytes >= from) as (typeof WEIGHTS)[number];
  const length = Math.max(written, weight);
  // Not what other messages have left there.
  out.fill(0, written, length);
  return { bytes: out, length, descriptor };
}

function writeHead(form: number, segments: readonly Uint8Array[]): void {
  out.writeUInt32LE(form);
  out.writeUInt32LE(segments.length, 4);
  segments.forEach((segment, index) => out.writeBigUInt64LE(BigInt(segment.length), HEAD + LENGTH * index));
}

function listed(segments: readonly Uint8Array[]): Frame {
  const list = BigUint64Array.from(segments, (segment) => BigInt(segment.length));
  const bytes = new Uint8Array(list.buffer);
  writeHead(Form.listed, [bytes]);
  return weighted(HEAD + LENGTH, total(Array.from(list, Number)), native().storeBlob([bytes, ...segments]));
}

/** The frame with memory of its own, for later. */
export function kept({ bytes, length, descriptor }: Frame): Frame {
  return { bytes: Uint8Array.prototype.slice.call(bytes, 0, length), length, descriptor };
}

/**
 * The value of the frame that `end` has received, or a promise of it if modules have to be imported first. Nothing of it lies in `bytes`
 * any more.
 *
 * @throws TransferError (or rejects with it) if it cannot be had in this process.
 */
export function valueOf(bytes: Buffer, length: number, end?: Store): unknown {
  const [form = 0] = bytes;
  if (isSmallForm(form)) return readSmall(bytes, length);
  return valueOfSegments(segmentsOf(bytes, length, end));
}

/** The value of a message that has been taken apart already, or a promise of it. */
export function valueOfSegments(segments: Uint8Array[]): unknown {
  return readBuffer(segments) ?? unpickle({ segments, descriptors: [] });
}

function segmentsOf(bytes: Buffer, length: number, from: Store | undefined): Uint8Array[] {
  const [form = 0] = bytes;
  // What is in it may be read later.
  if (form < Form.segments || form > Form.slab) return [copy(bytes, 0, length)];
  const lengths = Array.from({ length: bytes.readUInt32LE(4) }, (_, index) =>
    Number(bytes.readBigUInt64LE(HEAD + LENGTH * index)),
  );
  if (form === Form.segments) {
    let end = HEAD + LENGTH * lengths.length;
    return lengths.map((segment) => copy(bytes, end, (end += segment)));
  }
  if (form === Form.slab && from) return refusing(lengths, () => from.load(lengths).map(viewOf));
  const descriptor = from?.takeDescriptor() ?? -1;
  if (descriptor < 0) throw new TransferError('$', 'the memory that it was in has not arrived');
  return refusing(lengths, () => load(descriptor, lengths, form === Form.listed));
}

function load(descriptor: number, lengths: number[], isListed: boolean): Uint8Array[] {
  if (!isListed) return native().loadBlob(descriptor, lengths).map(viewOf);
  const [list] = native().loadBlob(native().duplicateDescriptor(descriptor), lengths) as [ArrayBuffer];
  const all = Array.from(new BigUint64Array(list), Number);
  return native()
    .loadBlob(descriptor, [...lengths, ...all])
    .slice(1)
    .map(viewOf);
}

/** With the size in the message of what goes wrong. */
function refusing<T>(lengths: readonly number[], act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const what = `a message of ${total(lengths)} bytes cannot be received: ${error.message}`;
    throw new ZygoteError(String(error.code), what, { cause: error });
  }
}

function total(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

function viewOf(buffer: ArrayBuffer): Uint8Array {
  return new Uint8Array(buffer);
}

/** With memory of its own. */
function copy(bytes: Buffer, start: number, end: number): Uint8Array {
  const own = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(own, 0, start, end);
  return own;
}
