import { Board } from './fork-map/board.js';
import { Crew } from './fork-map/crew.js';
import { Ledger } from './fork-map/ledger.js';
import { type ForkMapOptions, mapSettings, type MapSettings } from './fork-map/options.js';
import type { ElementOf, NumbersType } from '../memory/numbers.js';
import { type Numbers, sharedNumbers } from './fork-map/sink.js';
import type { MapTask, Report } from './fork-map/work.js';
import { listen } from '../process/aborts.js';

export type { ForkMapOptions, ForkMapProgress } from './fork-map/options.js';

/**
 * Maps in forked processes: the workers inherit the items and the function, any closure, copy-on-write, so that nothing is sent to them.
 * They take the items one after the other from a counter that they share, and only results come back: numbers packed, or, `into`
 * a typed array, without being sent at all; others are transferred.
 *
 * Each worker does one item at a time, also where `fn` is asynchronous. What a worker of this map changes in its memory is not seen
 * by anybody else.
 *
 * @throws what `fn` threw first, with the item's index as `index`; TransferError for a result that cannot travel, with its place in
 * the array that would have come back; WorkerCrashedError with the index as `task` if a worker died while it was at an item, more often than
 * `retries` (the other items that it had taken are done anew by another one); the signal's reason; what a start throws, see `Process`. All
 * workers have ended by then.
 *
 * @example
 * const lengths = await forkMap(records, (record) => index.lookup(record).length);
 * const scores = await forkMap(records, (record) => index.score(record), { into: Float64Array });
 */
export function forkMap<T, C extends NumbersType>(
  items: ArrayLike<T>,
  fn: (item: T, index: number) => ElementOf<C> | Promise<ElementOf<C>>,
  options: ForkMapOptions & { into: C },
): Promise<InstanceType<C>>;
export function forkMap<T, R>(
  items: ArrayLike<T>,
  fn: (item: T, index: number) => R,
  options?: ForkMapOptions & { into?: never },
): Promise<Awaited<R>[]>;
export async function forkMap(
  items: ArrayLike<unknown>,
  fn: (item: never, index: number) => unknown,
  options: ForkMapOptions = {},
): Promise<unknown[] | Numbers> {
  const settings = mapSettings(items, fn, options);
  settings.signal?.throwIfAborted();
  const results: unknown[] | Numbers = settings.into
    ? sharedNumbers(settings.into, items.length)
    : Array.from({ length: items.length });
  if (items.length > 0) await mapInto(results, items, fn, settings);
  return results;
}

async function mapInto(
  results: unknown[] | Numbers,
  items: ArrayLike<unknown>,
  fn: MapTask['fn'],
  settings: MapSettings,
): Promise<void> {
  const { signal, onProgress, into, chunkSize, processes } = settings;
  const ledger = new Ledger(items.length);
  const board = new Board(processes);
  const onReport = ({ order }: MapTask, { start, end, values }: Report): void => {
    for (let position = start; position < end; position++) {
      const index = order ? (order[position] as number) : position;
      if (ledger.enter(index) && values) results[index] = values[position - start];
    }
    onProgress?.({ done: ledger.count, total: ledger.total });
  };
  const crew = new Crew(settings, onReport);
  const onAbort = (): void => {
    board.stop();
    crew.fail(signal?.reason);
  };
  const unlisten = signal && listen(signal, onAbort);
  const task = { items, fn, board, into: into && (results as Numbers), chunkSize };
  try {
    await crew.workOff({ ...task, order: undefined }, items.length);
    // What workers had taken that died.
    while (!crew.failure && !ledger.isComplete) {
      const order = ledger.missing();
      await crew.workOff({ ...task, order }, order.length);
    }
  } finally {
    unlisten?.();
  }
  if (crew.failure) throw crew.failure.error;
}
