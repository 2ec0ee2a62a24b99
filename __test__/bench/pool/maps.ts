/** A process that holds the records and their index, and maps over them in one way. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { forkMap } from 'zygote';
import { build, calibrate, checksum, score } from './data.js';
import type { Range } from './map-worker.js';
import { WORKERS } from './pools.js';

export interface MapQuestion {
  rounds: number;
}

export interface MapAnswer {
  /** From the call to the results, with what has to be moved first; ms. */
  took: number;
  checksum: number;
}

const [, , way = '', records = '', micros = ''] = process.argv;
const data = build(Number(records));
const { entries } = data;
const WORKER = new URL('map-worker.js', import.meta.url);
/** Small enough that both workers end together. */
const CHUNK = 1000;

const WAYS: Record<string, (rounds: number) => ArrayLike<number> | Promise<ArrayLike<number>>> = {
  alone: (rounds) => entries.map((entry) => score(data, entry, rounds)),
  forkMap: (rounds) => forkMap(entries, (entry) => score(data, entry, rounds), { processes: WORKERS }),
  'forkMap, into': (rounds) =>
    forkMap(entries, (entry) => score(data, entry, rounds), { processes: WORKERS, into: Float64Array }),
  piscina: async (rounds) => {
    const pool = new Piscina({ filename: WORKER.href, minThreads: WORKERS, maxThreads: WORKERS, workerData: data });
    const parts = await Promise.all(ranges(rounds).map((range) => pool.run(range) as Promise<Float64Array>));
    await pool.destroy();
    return joined(parts);
  },
  worker_threads: async (rounds) => {
    const todo = ranges(rounds);
    const parts: Float64Array[] = [];
    let next = 0;
    const lane = async () => {
      const worker = new Worker(WORKER, { workerData: data });
      for (let at = next++; at < todo.length; at = next++) {
        worker.postMessage(todo[at]);
        [parts[at]] = (await once(worker, 'message')) as [Float64Array];
      }
      await worker.terminate();
    };
    await Promise.all(Array.from({ length: WORKERS }, lane));
    return joined(parts);
  },
};

process.on('message', ({ rounds }: MapQuestion) => void measure(rounds).then((answer) => process.send?.(answer)));
process.send?.(way === 'alone' ? { rounds: calibrate(data, Number(micros)), rss: process.memoryUsage().rss } : 'ready');

async function measure(rounds: number): Promise<MapAnswer> {
  const map = WAYS[way];
  if (!map) throw new Error(`there is no way "${way}" to map`);
  const from = performance.now();
  const results = await map(rounds);
  const took = performance.now() - from;
  return { took, checksum: checksum(results) };
}

function ranges(rounds: number): Range[] {
  const starts = Array.from({ length: Math.ceil(entries.length / CHUNK) }, (_, chunk) => chunk * CHUNK);
  return starts.map((start) => ({ start, end: start + CHUNK, rounds }));
}

function joined(parts: Float64Array[]): Float64Array {
  const all = new Float64Array(entries.length);
  parts.forEach((part, chunk) => all.set(part, chunk * CHUNK));
  return all;
}
