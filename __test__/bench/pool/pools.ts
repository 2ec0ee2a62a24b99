/** The pools that are compared, each with two workers. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';
import { forkserver, Pool, type PoolOptions } from 'zygote';
import { noop } from './noop.js';

export const WORKERS = 2;

export interface NoopPool {
  /** One task that does nothing. */
  run(): Promise<unknown>;
  end(): Promise<unknown>;
}

const file = (name: string) => new URL(`${name}.js`, import.meta.url).href;
const threads = { filename: file('noop'), minThreads: WORKERS, maxThreads: WORKERS };

/** By name; each is made when it is asked for. */
export const NOOP_POOLS: Record<string, () => NoopPool | Promise<NoopPool>> = {
  'zygote Pool, fork': () => zygote({ method: 'fork' }),
  'zygote Pool, forkserver': () => zygote({ method: 'forkserver' }),
  'zygote Pool, spawn': () => zygote({ method: 'spawn' }),
  piscina: () => piscina({}),
  'piscina, 8 tasks a worker': () => piscina({ concurrentTasksPerWorker: 8 }),
  'tinypool, threads': () => tinypool('worker_threads'),
  'tinypool, processes': () => tinypool('child_process'),
  'workerpool, threads': () => ofWorkerpool('thread'),
  'workerpool, processes': () => ofWorkerpool('process'),
  'worker_threads by hand': byHand,
};

/** A process for each task. */
export const SINGLE_POOLS: Record<string, () => NoopPool | Promise<NoopPool>> = {
  'zygote isolate, fork': () => zygote({ method: 'fork', isolate: true, minWorkers: 0 }),
  'zygote isolate, fork, 2 ahead': () => zygote({ method: 'fork', isolate: true }),
  'zygote isolate, forkserver': () => zygote({ method: 'forkserver', isolate: true, minWorkers: 0 }),
  'tinypool, isolateWorkers, processes': () => tinypool('child_process', true),
  'tinypool, isolateWorkers, threads': () => tinypool('worker_threads', true),
  'child_process.fork by hand': () => ({ run: oneChild, end: async () => {} }),
};

async function zygote(options: PoolOptions): Promise<NoopPool> {
  if (options.method === 'forkserver') {
    forkserver.preload([file('noop')]);
    await forkserver.start();
  }
  const pool = new Pool({ processes: WORKERS, minWorkers: WORKERS, ...options });
  return { run: () => pool.run(noop), end: () => pool[Symbol.asyncDispose]() };
}

function piscina(options: object): NoopPool {
  const pool = new Piscina({ ...threads, ...options });
  return { run: () => pool.run(null), end: () => pool.destroy() };
}

function tinypool(runtime: 'worker_threads' | 'child_process', isolateWorkers = false): NoopPool {
  const pool = new Tinypool({ ...threads, runtime, isolateWorkers });
  return { run: () => pool.run(null), end: () => pool.destroy() };
}

function ofWorkerpool(workerType: 'thread' | 'process'): NoopPool {
  const script = new URL('workerpool-worker.js', import.meta.url);
  const pool = workerpool.pool(script.pathname, { workerType, minWorkers: WORKERS, maxWorkers: WORKERS });
  return { run: async () => pool.exec('noop', []), end: async () => pool.terminate() };
}

function byHand(): NoopPool {
  const workers = Array.from({ length: WORKERS }, () => {
    const worker = new Worker(new URL('echo-worker.js', import.meta.url));
    const waiting: (() => void)[] = [];
    worker.on('message', () => waiting.shift()?.());
    return { worker, waiting };
  });
  let next = 0;
  const run = () =>
    new Promise<void>((resolve) => {
      const { worker, waiting } = workers[next++ % WORKERS] as (typeof workers)[number];
      waiting.push(resolve);
      worker.postMessage(null);
    });
  return { run, end: () => Promise.all(workers.map(({ worker }) => worker.terminate())) };
}

async function oneChild(): Promise<void> {
  const child = fork(new URL('child.js', import.meta.url));
  await once(child, 'message');
  await once(child, 'exit');
}
