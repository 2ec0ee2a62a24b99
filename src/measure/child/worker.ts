/** A child that is a thread. It imports little before it has the data, to be up soon. */
import { parentPort, workerData } from 'node:worker_threads';
import { touch } from '../values/touch.js';
import type { ChildMessage, DataMessage } from './protocol.js';

const { data } = workerData as DataMessage;
const usableAt = touch(data);
tell({ kind: 'usable' });

try {
  const [{ takeSteps }, { tools }] = await Promise.all([import('./steps.js'), import('./tools.js')]);
  tell({ kind: 'report', report: takeSteps(data, usableAt, tools) });
} catch (error) {
  tell({ kind: 'error', error: String(error) });
}

function tell(message: ChildMessage): void {
  parentPort?.postMessage(message, []);
}
