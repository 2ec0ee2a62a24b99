/** A child that `child_process.fork` has started. With the argument `wait` it runs before there is any data for it. */
import { type Cpu, ownCpu } from '../system/cpu.js';
import type { ChildMessage, DataMessage } from './protocol.js';
import { receive } from './receive.js';

let idle: Cpu | undefined;
// The listener keeps it running until it is ended.
process.on('message', ({ data, extent }: DataMessage) => void receive(data, extent, tell, idle));
process.on('disconnect', () => process.exit());

if (process.argv[2] === 'wait') {
  // What it needs for its report is there, as in a child that has worked before.
  await Promise.all([import('./steps.js'), import('./tools.js')]);
  tell({ kind: 'waiting' });
  idle = ownCpu();
}

function tell(message: ChildMessage): void {
  process.send?.(message);
}
