/** What keeps the forking process busy on all of its threads. */
import { pbkdf2 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { hot, kinds, makeGarbage } from './work.js';

/** Starts the load; the function returned stops it and waits until it has come to rest. */
export function startLoad(): () => Promise<void> {
  let going = true;
  const parent = process.pid;
  const loop = async (step: () => unknown): Promise<void> => {
    // A raw child has a copy of this load: there it comes to rest, so that the child's own work can end.
    while (going && process.pid === parent) {
      await step();
      await nextTurn();
    }
  };
  const loops = [
    loop(() => makeGarbage(5_000)),
    loop(() => hot(100_000 + Math.floor(Math.random() * 2e5))),
    loop(() => readFile('/proc/self/maps')),
    loop(() => promisify(pbkdf2)('secret', 'salt', 500, 32, 'sha256')),
    loop(() => kinds['wasm']?.()),
  ];
  const worker = new Worker(
    'let x = []; setInterval(() => { x = Array.from({ length: 5000 }, (_, i) => ({ i })) }, 2)',
    {
      eval: true,
    },
  );
  worker.unref();
  return async () => {
    going = false;
    await Promise.all(loops);
    await worker.terminate();
  };
}
