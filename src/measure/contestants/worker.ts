/** A thread: the data goes by structured clone or, if it is shared memory, by reference. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { programUrl } from '../../start/program.js';
import type { ChildMessage, DataMessage } from '../child/protocol.js';
import { now } from '../system/clock.js';
import { untilQuiet } from '../system/gc.js';
import { bytesOf } from '../values/bytes.js';
import type { Child, Contestant, Turn } from './contestant.js';
import { ending } from './ending.js';
import { Hearing } from './hearing.js';
import { clonedSize } from './sizes.js';

const ENTRY = programUrl('measure/child/worker');

/** The data is the `workerData` of a new Worker. */
export const structuredClone: Contestant = {
  name: 'clone',
  isThread: true,
  check: ({ data }) => clonedSize(data),
  start: ({ data }, turn) => startWorker(data, turn),
};

/** The data is sent to a Worker that runs already. */
export const message: Contestant = {
  name: 'message',
  isThread: true,
  check: ({ data }) => clonedSize(data),
  async start({ data }, turn) {
    const { worker, hearing, child } = follow(turn, 'wait');
    await hearing.waiting;
    await untilQuiet();
    turn.begin();
    worker.postMessage({ data, extent: turn.extent } satisfies DataMessage);
    return child;
  },
};

export const sharedMemory: Contestant = {
  name: 'shared',
  isThread: true,
  check({ data }) {
    if (data === null || bytesOf(data) !== undefined) return { wireBytes: 0 };
    return { obstacle: 'only bytes fit into a SharedArrayBuffer; this data would have to be encoded by hand' };
  },
  async start({ data }, turn) {
    const source = bytesOf(data);
    if (source === undefined) return startWorker(null, turn);
    const from = now();
    const shared = new Uint8Array(new SharedArrayBuffer(source.byteLength));
    shared.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
    turn.prepared(now() - from);
    return startWorker(shared, turn);
  },
};

async function startWorker(data: unknown, turn: Turn): Promise<Child> {
  turn.begin();
  return follow(turn, { data, extent: turn.extent }).child;
}

function follow(turn: Turn, workerData: DataMessage | 'wait'): { worker: Worker; hearing: Hearing; child: Child } {
  const hearing = new Hearing(turn);
  const worker = new Worker(ENTRY, { workerData, execArgv: [] });
  const gone = once(worker, 'exit').catch(() => {});
  turn.signal.addEventListener('abort', () => void worker.terminate());
  worker.on('message', (said: ChildMessage) => hearing.hear(said));
  worker.on('error', (error) => hearing.failed(error));
  worker.on('exit', (code) => hearing.failed(new Error(ending('the thread', code, null))));
  const child = {
    pid: process.pid,
    report: hearing.report,
    async end() {
      await worker.terminate();
      await gone;
    },
  };
  return { worker, hearing, child };
}
