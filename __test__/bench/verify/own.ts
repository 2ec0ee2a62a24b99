/** Times a fork and a structured clone as a user would who does not know the measurement: no module of it is imported. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Process } from 'zygote';

const [count = 0, rounds = 0] = process.argv.slice(2).map(Number);
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

const times: Record<keyof typeof ways, number[]> = { fork: [], clone: [] };
for (let round = 0; round <= rounds; round++) {
  for (const name of ['fork', 'clone'] as const) {
    globalThis.gc?.();
    await sleep(200);
    const took = await ways[name]();
    // The first of each is to warm up.
    if (round > 0) times[name].push(Number(took) / 1e6);
  }
}
console.log(JSON.stringify({ fork: median(times.fork), clone: median(times.clone) }));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [below, above] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return ((below ?? 0) + (above ?? 0)) / 2;
}
