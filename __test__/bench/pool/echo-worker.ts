/** A Worker without any pool: the least that a task can cost. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => parentPort?.postMessage(null));
