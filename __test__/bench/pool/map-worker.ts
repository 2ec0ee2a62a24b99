/** A Worker that has got a copy of the index, and maps ranges of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Data, type Entry, score } from './data.js';

export interface Range {
  start: number;
  end: number;
  rounds: number;
}

/** Piscina has its own in front. */
const data = (Array.isArray(workerData) ? (workerData as unknown[])[1] : workerData) as Data;

export default function map({ start, end, rounds }: Range): Float64Array {
  return Float64Array.from(data.entries.slice(start, end), (entry: Entry) => score(data, entry, rounds));
}

parentPort?.on('message', (range: Partial<Range>) => {
  if (range.rounds !== undefined) parentPort?.postMessage(map(range as Range));
});
