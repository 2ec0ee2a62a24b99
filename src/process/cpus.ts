import { availableParallelism } from 'node:os';

/** Number of processors that this process may use. */
export function cpuCount(): number {
  return availableParallelism();
}
