/** A Worker that reads its copy of all. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Item, readAll } from './heap.js';

const sum = readAll(workerData as Item[]);
// What it was needed for is done; it stays in memory as long as this Worker.
setInterval(() => workerData, 2 ** 30);
parentPort?.postMessage(sum);
