/** A process with a large heap, which has workers read it, and tells how much memory all of them take. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { parentProcess, Process } from 'zygote';
import { fill, readAll } from './heap.js';

export interface MemoryQuestion {
  workers: number;
}

export interface MemoryAnswer {
  /** Sum of the PSS of all processes, in bytes, before there are workers and when each has read everything. */
  alone: number;
  together: number;
}

const [, , way = '', bytes = ''] = process.argv;
const items = fill(Number(bytes));
const expected = readAll(items);
/** Settles the heap, and is a process that has done so before. */
await ofProcesses(1);

process.on('message', ({ workers }: MemoryQuestion) => {
  const measured = way === 'zygote fork' ? ofProcesses(workers) : ofWorkers(workers);
  void measured.then((answer) => process.send?.(answer));
});
process.send?.('ready');

async function ofProcesses(count: number): Promise<MemoryAnswer> {
  const alone = pss(process.pid);
  const children = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      new Process({ target: readAndStay, method: 'fork', daemon: true, prepareHeap: index === 0 }).start(),
    ),
  );
  await Promise.all(
    children.map(async (child) => {
      const [sum] = (await once(child, 'message')) as [number];
      if (sum !== expected) throw new Error(`a child has read ${sum}`);
    }),
  );
  const together = [process.pid, ...children.map(({ pid }) => pid as number)]
    .map(pss)
    .reduce((sum, part) => sum + part);
  await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  return { alone, together };
}

async function readAndStay(): Promise<void> {
  await parentProcess()?.send(readAll(items));
  // Until it is ended.
  await new Promise(() => setInterval(() => {}, 2 ** 30));
}

async function ofWorkers(count: number): Promise<MemoryAnswer> {
  const alone = pss(process.pid);
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('memory-worker.js', import.meta.url), { workerData: items }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const together = pss(process.pid);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return { alone, together };
}

function pss(pid: number): number {
  const found = /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(found?.[1]) * 1024;
}
