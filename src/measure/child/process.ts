/** A child that `child_process.fork` has started. It imports little before it has the data, to be up soon. */
import { touch } from '../values/touch.js';
import type { ChildMessage, DataMessage } from './protocol.js';

process.once('message', ({ data }: DataMessage) => {
  const usableAt = touch(data);
  tell({ kind: 'usable' });
  void finish(data, usableAt);
});

async function finish(data: unknown, usableAt: number): Promise<void> {
  try {
    const [{ takeSteps }, { tools }] = await Promise.all([import('./steps.js'), import('./tools.js')]);
    tell({ kind: 'report', report: takeSteps(data, usableAt, tools) });
  } catch (error) {
    tell({ kind: 'error', error: String(error) });
  }
  // The channel is all that keeps this process alive. What was sent before is still delivered.
  process.disconnect();
}

function tell(message: ChildMessage): void {
  process.send?.(message);
}
