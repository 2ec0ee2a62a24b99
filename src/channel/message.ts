/** Messages of queues: small values in their short form, all others pickled, in one piece or with large buffers as pieces of their own. */
import type { SharedQueue } from '../native/binding.js';
import { pickle } from '../transfer/pickle.js';
import { valueOf, valueOfSegments } from './frame.js';
import { asBuffer, writeSmall } from './small.js';

/** Bytes that a message in one piece has at most where it is not large: `LARGE` in crates/shared. */
const SMALL = 64 * 1024;

/** Written and read anew for each message. */
const out = Buffer.allocUnsafeSlow(SMALL - 1);
const into = Buffer.allocUnsafeSlow(SMALL);

/** A message to be put; of the first piece only so many bytes. */
export interface Message {
  pieces: [Uint8Array, ...Uint8Array[]];
  length: number;
}

/**
 * The message of a value. It may be overwritten by the next one, unless it is {@link kept}.
 *
 * @throws TransferError
 */
export function messageOf(value: unknown): Message {
  const length = writeSmall(value, out);
  if (length > 0) return { pieces: [out], length };
  const pieces = asBuffer(value) ?? (pickle(value).segments as Message['pieces']);
  return { pieces, length: pieces[0].length };
}

/** A message for later: what is changed meanwhile is not in it. */
export function kept({ pieces: [first, ...others], length }: Message): Message {
  const copy = (piece: Uint8Array, end?: number): Uint8Array => Uint8Array.prototype.slice.call(piece, 0, end);
  return { pieces: [copy(first, length), ...others.map((piece) => copy(piece))], length };
}

/** False if there is no room now. */
export function put(queue: SharedQueue, { pieces, length }: Message): boolean {
  return pieces.length === 1 ? queue.put(pieces[0], length) : queue.putPieces(pieces);
}

/** By which the queue knows how much room the message needs. */
export function lengthsOf({ pieces: [, ...others], length }: Message): number[] {
  return [length, ...others.map((piece) => piece.length)];
}

/** Why nothing was taken. */
export const Nothing = { now: -1, anyMore: -2 } as const;

/** A message that was taken: gives its value, or a promise of it; or throws. To be called before the next one is taken. */
export type Taken = () => unknown;

/** What was taken, or one of {@link Nothing}. */
export function take(queue: SharedQueue): Taken | -1 | -2 {
  const taken = queue.take(into);
  if (taken === Nothing.now || taken === Nothing.anyMore) return taken;
  if (typeof taken === 'number') return () => valueOf(into, taken);
  return () => valueOfSegments(taken.map((piece) => new Uint8Array(piece)));
}
