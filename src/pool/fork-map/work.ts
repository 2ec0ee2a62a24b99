/** What a worker of a map does. */
import { TransferError } from '../../errors.js';
import { parentProcess } from '../../process/self.js';
import type { Board, Chunk } from './board.js';
import { Pace } from './pace.js';
import { type Numbers, pack, storeNumber, type Values } from './sink.js';

/** What the workers inherit. */
export interface MapTask {
  items: ArrayLike<unknown>;
  fn: (item: never, index: number) => unknown;
  /** The index of each position; without it they are the same. */
  order: Uint32Array | undefined;
  board: Board;
  /** Shared memory for the results. */
  into: Numbers | undefined;
  chunkSize: number | undefined;
}

/** What a worker reports: the positions of a chunk, and what came of them. */
export interface Report extends Chunk {
  values: Values;
}

/** Takes chunks and works them off until there are none. */
export async function work(task: MapTask, slot: number): Promise<void> {
  const { board, chunkSize } = task;
  const parent = parentProcess();
  const pace = new Pace(chunkSize);
  for (;;) {
    const chunk = board.claim(slot, pace.size);
    if (!chunk) return;
    const began = performance.now();
    const values = await workOff(task, slot, chunk);
    if (board.isStopped) return;
    pace.took(chunk.end - chunk.start, performance.now() - began);
    try {
      await parent?.send({ ...chunk, values } satisfies Report);
    } catch (error) {
      throw atItem(error, task, slot, chunk);
    }
    board.leave(slot);
  }
}

async function workOff({ items, fn, order, board, into }: MapTask, slot: number, chunk: Chunk): Promise<Values> {
  const values: unknown[] = [];
  for (let position = chunk.start; position < chunk.end && !board.isStopped; position++) {
    board.enter(slot, position);
    const index = order ? (order[position] as number) : position;
    let value = fn(items[index] as never, index);
    // Items that wait for nothing should not take a turn each.
    if (isThenable(value)) value = await value;
    if (into) storeNumber(into, index, value);
    else values.push(value);
  }
  return into ? undefined : pack(values);
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** As a place in the array that forkMap gives, not in what is sent; and notes the item. */
function atItem(error: unknown, { order, board }: MapTask, slot: number, { start }: Chunk): unknown {
  if (!(error instanceof TransferError)) return error;
  const found = /^\$\.values\[(\d+)\]/.exec(error.path);
  if (!found) return error;
  const position = start + Number(found[1]);
  board.enter(slot, position);
  const index = order ? order[position] : position;
  return new TransferError(`$[${index}]${error.path.slice(found[0].length)}`, error.reason);
}
