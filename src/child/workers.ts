/** Worker threads of the user's: they are cloned by a fork like every other thread. */
import type { Worker } from 'node:worker_threads';

const running = new Set<Worker>();

/** Notes each Worker that is started from now on. Node tells of them by an event of `process`. */
export function trackWorkers(): void {
  process.on('worker', (worker) => {
    // Node's own, which runs the loader hooks: `import()` in the child needs it.
    if (worker.constructor.name === 'InternalWorker') return;
    running.add(worker);
    worker.once('exit', () => running.delete(worker));
  });
}

/** In a child that is to run nothing of its parent's: ends the copies of its Workers, without telling their listeners. */
export function endInheritedWorkers(): void {
  for (const worker of running) {
    worker.removeAllListeners();
    worker.unref();
    void worker.terminate();
  }
  running.clear();
}
