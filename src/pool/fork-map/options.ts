/** How to map. */
import { ZygoteError } from '../../errors.js';
import { cpuCount } from '../../process/cpus.js';
import type { StartOptions } from '../../start/starter.js';
import { MOST_ITEMS } from './board.js';
import type { NumbersType } from '../../memory/numbers.js';
import { assertNumbersClass } from './sink.js';

/** How far a map is. */
export interface ForkMapProgress {
  /** Items whose results are there. */
  done: number;
  total: number;
}

export interface ForkMapOptions extends Pick<StartOptions, 'inherit' | 'drainTimeout'> {
  /** How many processes work. Default: as many as there are processors, `cpuCount()`. */
  processes?: number;
  /** Items that a worker takes at once. Default: as many as take it about 10 ms, found out while it works. */
  chunkSize?: number;
  /** How often an item is tried again whose worker died while it was at it. Default 0: the map rejects. */
  retries?: number;
  /** Settle the heap before the first fork, see `Process`. */
  prepareHeap?: boolean | (() => void);
  /** Aborting it ends the workers and rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Called whenever results have come in. What it throws ends the map, which rejects with it. */
  onProgress?: (progress: ForkMapProgress) => void;
  /** The class of the typed array that comes back, for results that are numbers. Workers write into its memory: nothing is sent. */
  into?: NumbersType;
  /** Name of the workers. Default `forkMap`. */
  name?: string;
}

/** Complete, and checked. */
export interface MapSettings extends ForkMapOptions {
  processes: number;
  retries: number;
  name: string;
}

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function mapSettings(items: unknown, fn: unknown, options: ForkMapOptions): MapSettings {
  const length = (items as ArrayLike<unknown> | null | undefined)?.length;
  if (!isCount(length, 0) || typeof items === 'function') {
    throw invalid('forkMap takes an array, a typed array or a string first; of other iterables make one: [...items]');
  }
  if (length > MOST_ITEMS) throw invalid(`forkMap takes at most ${MOST_ITEMS} items, not ${length}`);
  if (typeof fn !== 'function') throw invalid('forkMap takes a function (item, index) => result second');
  const { processes = cpuCount(), retries = 0, chunkSize, into, name = 'forkMap' } = options;
  if (!isCount(processes, 1)) throw invalid(`processes must be a whole number, at least 1, not ${String(processes)}`);
  if (!isCount(retries, 0)) throw invalid(`retries must be a whole number, not ${String(retries)}`);
  if (chunkSize !== undefined && !isCount(chunkSize, 1)) {
    throw invalid(`chunkSize must be a whole number, at least 1, not ${String(chunkSize)}`);
  }
  if (into !== undefined) assertNumbersClass(into);
  return { ...options, processes: Math.min(processes, Math.max(1, length)), retries, name };
}

function isCount(value: unknown, least: number): value is number {
  return Number.isInteger(value) && (value as number) >= least;
}

function invalid(message: string): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', message);
}
