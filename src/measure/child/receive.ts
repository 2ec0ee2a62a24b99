/** What a child does that is sent its data. It imports little before it has the data, to be up soon. */
import { type Cpu, cpuSince } from '../system/cpu.js';
import { touch, type Touched } from '../values/touch.js';
import type { ChildMessage } from './protocol.js';
import type { Extent } from './steps.js';

/** `idle` is the CPU time of a child that had been running before it was sent the data. */
export async function receive(
  data: unknown,
  extent: Extent,
  tell: (message: ChildMessage) => void,
  idle?: Cpu,
): Promise<void> {
  const touched = touch(data);
  tell({ kind: 'usable' });
  await finish(data, idle ? { at: touched.at, cpu: cpuSince(idle, touched.cpu) } : touched, extent, tell);
}

async function finish(
  data: unknown,
  touched: Touched,
  extent: Extent,
  tell: (message: ChildMessage) => void,
): Promise<void> {
  try {
    const [{ takeSteps }, { tools }] = await Promise.all([import('./steps.js'), import('./tools.js')]);
    tell({ kind: 'report', report: takeSteps(data, touched, extent, tools) });
  } catch (error) {
    tell({ kind: 'error', error: String(error) });
  }
}
