/** Values on their way between processes: arguments, results, thrown errors and messages. */
import { TransferError } from '../errors.js';
import { encode } from './encode.js';
import { blame, locate, printError, Refusal } from './problem.js';
import { closeAll, revive, unreadable } from './revive.js';
import { Scan, type ScanOptions } from './scan.js';
import { Reader, Writer } from './wire.js';

/** What travels. */
export interface Pickled {
  /** The first describes the value; further ones are large buffers as they are in memory, not copied. */
  segments: Uint8Array[];
  /** Open descriptors that the value needs. They still belong to the sender's objects. */
  descriptors: number[];
}

export interface PickleOptions {
  /** The transport can carry descriptors: only while a process is being started. Default: false. */
  descriptors?: boolean;
}

/** With a child's channel and standard streams, the most that the system sends at once. */
export const MOST_DESCRIPTORS: number = 253 - 4;

/** The first byte: how to read the rest. */
const Tag = { plain: 1, rich: 2 } as const;

/**
 * Takes a value apart for another process. What structured clone keeps is kept; and functions and classes that modules
 * export, errors with all that they have, instances of classes that modules export, and what has a reducer.
 *
 * @throws TransferError with the path to the first thing inside that cannot travel.
 */
export function pickle(value: unknown, { descriptors = false }: PickleOptions = {}): Pickled {
  return pickleWith(value, { descriptors });
}

/** Pickles what was thrown. Never throws: what cannot travel is described in words. */
export function pickleThrown(thrown: unknown): Pickled {
  try {
    return pickle(thrown);
  } catch (error) {
    try {
      if (thrown instanceof Error) return pickleWith(thrown, { descriptors: false, describe });
    } catch {
      // The error itself is a strange one.
    }
    return pickle(inWords(error));
  }
}

/**
 * The value that was pickled: at once, unless modules have to be imported first. Takes the descriptors over, and closes those
 * that nothing comes of.
 *
 * @throws TransferError (or rejects with it) for bytes that are not what `pickle` writes, and if something that the value
 * refers to cannot be had in this process.
 */
export function unpickle({ segments, descriptors }: Pickled): unknown {
  const [first] = segments;
  if (first?.[0] === Tag.rich) return revive(first.subarray(1), segments, descriptors);
  try {
    if (first?.[0] !== Tag.plain) throw new RangeError(`they begin with ${first?.[0]}`);
    const reader = new Reader(first.subarray(1));
    reader.readHeader();
    return reader.readValue();
  } catch (error) {
    closeAll(descriptors);
    throw unreadable(error);
  }
}

function pickleWith(value: unknown, options: ScanOptions): Pickled {
  const scan = new Scan(options);
  try {
    scan.see(value);
    if (scan.isPlain) return { segments: [writePlain(value)], descriptors: [] };
    const pickled = encode(value, scan, Tag.rich);
    if (pickled.descriptors.length > MOST_DESCRIPTORS) throw tooMany(pickled.descriptors.length);
    return pickled;
  } catch (error) {
    if (error instanceof TransferError) throw error;
    if (error instanceof Refusal) throw locate(value, error);
    throw blame(value, error, (part) => scan.specials.has(part));
  }
}

function tooMany(count: number): TransferError {
  return new TransferError(
    '$',
    `the sockets, files and shared objects in it have ${count} descriptors, and the system passes at most ${MOST_DESCRIPTORS} to a process that is being started: share fewer objects, each of which may hold more`,
  );
}

function writePlain(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.writeRawBytes(PLAIN);
  writer.writeHeader();
  writer.writeValue(value);
  return writer.releaseBuffer();
}

const PLAIN = Uint8Array.of(Tag.plain);

/** What to say in place of a part of an error; undefined if it can travel. */
function describe(read: () => unknown): string | undefined {
  let part: unknown;
  try {
    part = read();
  } catch (error) {
    return `[reading it throws ${printError(error)}]`;
  }
  // Its own parts are described.
  if (part instanceof Error) return undefined;
  try {
    pickle(part);
    return undefined;
  } catch (error) {
    return inWords(error);
  }
}

function inWords(error: unknown): string {
  return `[${error instanceof TransferError ? error.message : printError(error)}]`;
}
