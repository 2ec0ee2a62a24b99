/**
 * Times a fork or a structured clone as a user would who does not know the measurement: no module of it is imported. Each has a
 * process of its own: what Workers leave behind in a process, a fork would copy.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Process } from 'zygote';

const name = process.argv[2] as keyof typeof ways;
const [count = 0, rounds = 0] = process.argv.slice(3).map(Number);
const data = Array.from({ length: count }, (_, id) => ({ id, name: `user-${id}`, score: Math.random() * 4e6 }));
/** Stamps the moment at which it has the data, on the clock that all processes share. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const last = workerData.at(-1);
  parentPort.postMessage([process.hrtime.bigint(), last.id]);`;

const ways = {
  async fork() {
    const from = process.hrtime.bigint();
    const child = new Process({ target: () => [data.at(-1)?.id, process.hrtime.bigint()] as const, method: 'fork' });
    await child.start();
    const [, at] = await child.result;
    await child.join();
    child.close();
    return at - from;
  },
  async clone() {
    const from = process.hrtime.bigint();
    const worker = new Worker(THREAD, { eval: true, workerData: data });
    const [[at]] = (await once(worker, 'message')) as [[bigint]];
    await worker.terminate();
    return at - from;
  },
};

const times: number[] = [];
for (let round = 0; round <= rounds; round++) {
  globalThis.gc?.();
  await sleep(200);
  const took = await ways[name]();
  // The first is to warm up.
  if (round > 0) times.push(Number(took) / 1e6);
}
console.log(median(times));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [below, above] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return ((below ?? 0) + (above ?? 0)) / 2;
}
