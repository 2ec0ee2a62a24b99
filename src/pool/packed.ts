/** Values made ready to be sent: as they are now. */
import { type Pickling, pickling } from '../process/pickling.js';
import { isSimple } from '../process/simple.js';

/** Nothing, for undefined and an empty list of arguments; a JSON text; or the segments that `pickle` has written. */
export type Packed = undefined | string | Uint8Array[];

/** Elements up to which a list is looked at whether it can be JSON: of longer ones `pickle` is the quicker. */
const MOST = 16;

/** @throws TransferError */
export function packArguments(args: readonly unknown[], { pickle }: Pickling): Packed {
  if (args.length === 0) return undefined;
  if (isFlatList(args)) return JSON.stringify(args);
  return pickle(args).segments;
}

/** At once, unless what pickles has to be loaded. May throw, or reject with, a TransferError. */
export function packValue(value: unknown): Packed | Promise<Packed> {
  if (value === undefined) return undefined;
  if (isFlat(value)) return JSON.stringify(value);
  const loaded = pickling();
  return loaded instanceof Promise
    ? loaded.then(({ pickle }) => pickle(value).segments)
    : loaded.pickle(value).segments;
}

/**
 * Whether all are simple, but for one at most that has nothing but simple values in it: JSON gives exactly these again, while of
 * two objects it would not tell whether they are the same.
 */
function isFlatList(list: readonly unknown[]): boolean {
  if (list.length > MOST) return false;
  let objects = 0;
  for (let index = 0; index < list.length; index++) {
    const element = list[index];
    if (isSimple(element)) continue;
    if (objects++ > 0 || !isFlat(element)) return false;
  }
  return true;
}

function isFlat(value: unknown): boolean {
  if (isSimple(value)) return true;
  if (typeof value !== 'object') return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Array.prototype && Array.isArray(value)) {
    const keys = Object.keys(value);
    return keys.length === value.length && value.length <= MOST && value.every(isSimple);
  }
  if (prototype !== Object.prototype) return false;
  let left = MOST;
  for (const key in value) if (--left < 0 || !isSimple((value as Record<string, unknown>)[key])) return false;
  return true;
}
