/** Values that go as JSON, to and from children that have not loaded what pickles the others. */
import type { Pickled } from '../transfer/pickle.js';

export type Simple = string | number | boolean | null;

/** What such a message begins with: no pickled value does. */
const BEGIN = '['.charCodeAt(0);
/** In larger texts it would make a difference how they are written. */
const LONGEST = 1000;

/** Whether JSON gives exactly this value again. */
export function isSimple(value: unknown): value is Simple {
  if (typeof value === 'string') return value.length <= LONGEST;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'boolean' || value === null;
}

/** The message of a list of simple values. */
export function writeSimple(values: readonly Simple[]): Pickled {
  return { segments: [Buffer.from(JSON.stringify(values))], descriptors: [] };
}

/** What {@link writeSimple} has written; undefined for a message of another kind. */
export function readSimple([first]: Uint8Array[]): unknown[] | undefined {
  if (first?.[0] !== BEGIN) return undefined;
  return JSON.parse(new TextDecoder().decode(first)) as unknown[];
}
