/** What a pool tells of itself. */
import type { Dispatcher } from './dispatcher.js';
import { type Histogram } from './histogram.js';

export interface PoolStats {
  /** Workers that take tasks, of these those that have some; and those that are being started. */
  workers: number;
  busy: number;
  starting: number;
  /** Process ids of the workers. */
  pids: number[];
  /** Tasks; a chunk of a map is one. */
  queued: number;
  /** Sent to a worker and not reported. */
  running: number;
  /** Run to their end, by a value or by an error. */
  completed: number;
  /** Of tasks: how often one was lost as its worker died, and how often it was run again for that. */
  crashed: number;
  retried: number;
  /** How many workers there have been. */
  started: number;
  /** Time from the call to the sending to a worker, in ms. */
  wait: Histogram;
  /** Time in the worker, in ms. */
  run: Histogram;
}

export function statsOf({ crew, queue, counts, waits, runs }: Dispatcher): PoolStats {
  const workers = [...crew.workers].filter(({ state }) => state !== 'ended');
  const ready = workers.filter(({ state }) => state === 'ready');
  return {
    workers: ready.length,
    busy: ready.filter(({ size }) => size > 0).length,
    starting: crew.starting,
    // Looks whether they live: the number of one that has ended may soon be another process's.
    pids: workers.flatMap(({ process }) => (process.isAlive && process.pid !== undefined ? [process.pid] : [])),
    queued: queue.size,
    running: workers.reduce((sum, { size }) => sum + size, 0),
    ...counts,
    started: crew.hired,
    wait: waits.summary(),
    run: runs.summary(),
  };
}
