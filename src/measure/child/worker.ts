/** A child that is a thread. Without data it waits for some. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Cpu, ownCpu } from '../system/cpu.js';
import type { ChildMessage, DataMessage } from './protocol.js';
import { receive } from './receive.js';

let idle: Cpu | undefined;
// The listener keeps it running until it is ended.
parentPort?.on('message', ({ data, extent }: DataMessage) => void receive(data, extent, tell, idle));

if (workerData === 'wait') {
  await Promise.all([import('./steps.js'), import('./tools.js')]);
  tell({ kind: 'waiting' });
  idle = ownCpu();
} else {
  const { data, extent } = workerData as DataMessage;
  await receive(data, extent, tell);
}

function tell(message: ChildMessage): void {
  parentPort?.postMessage(message, []);
}
