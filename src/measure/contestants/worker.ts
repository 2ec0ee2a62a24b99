/** A thread: the data goes as `workerData`, by structured clone or, if it is shared memory, by reference. */
import { Worker } from 'node:worker_threads';
import { programUrl } from '../../start/program.js';
import type { ChildMessage, DataMessage } from '../child/protocol.js';
import type { ChildReport } from '../child/steps.js';
import { now } from '../system/clock.js';
import { bytesOf } from '../values/bytes.js';
import type { Contestant, Turn } from './contestant.js';
import { ending } from './ending.js';
import { clonedSize } from './sizes.js';

const ENTRY = programUrl('measure/child/worker');

export const structuredClone: Contestant = {
  name: 'clone',
  isThread: true,
  check: ({ data }) => clonedSize(data),
  run: ({ data }, turn) => runWorker(data, turn),
};

export const sharedMemory: Contestant = {
  name: 'shared',
  isThread: true,
  check({ data }) {
    if (data === null || bytesOf(data) !== undefined) return { wireBytes: 0 };
    return { obstacle: 'only bytes fit into a SharedArrayBuffer; this data would have to be encoded by hand' };
  },
  run({ data }, turn) {
    const source = bytesOf(data);
    if (source === undefined) return runWorker(null, turn);
    const from = now();
    const shared = new Uint8Array(new SharedArrayBuffer(source.byteLength));
    shared.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
    turn.prepared(now() - from);
    return runWorker(shared, turn);
  },
};

function runWorker(data: unknown, turn: Turn): Promise<ChildReport> {
  return new Promise<ChildReport>((resolve, reject) => {
    turn.begin();
    const worker = new Worker(ENTRY, { workerData: { data } satisfies DataMessage, execArgv: [] });
    turn.signal.addEventListener('abort', () => void worker.terminate());
    let received: ChildReport | undefined;
    let failure: Error | undefined;
    worker.on('message', (message: ChildMessage) => {
      if (message.kind === 'usable') turn.handedOver();
      else if (message.kind === 'report') received = message.report;
      else failure = new Error(message.error);
    });
    worker.on('error', (error) => {
      failure ??= error;
    });
    worker.on('exit', (code) => {
      if (received !== undefined && failure === undefined) resolve(received);
      else reject(failure ?? new Error(ending('the thread', code, null)));
    });
  });
}
