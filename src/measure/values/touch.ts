import { now } from '../system/clock.js';
import { type Cpu, ownCpu } from '../system/cpu.js';
import { bytesOf } from './bytes.js';

/** Somewhere to put what was read, so that reading it cannot be optimized away. */
let seen: unknown;

/** When the data was usable, on the clock of the machine, and the CPU time that the child had needed until then. */
export interface Touched {
  at: number;
  cpu: Cpu;
}

/** Uses the data for the first time, its size and one element. */
export function touch(data: unknown): Touched {
  seen = firstUse(data);
  const at = now();
  return { at, cpu: ownCpu() };
}

/** What `touch` has read. */
export function touched(): unknown {
  return seen;
}

function firstUse(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return [data.length, firstField(data.at(-1))];
  if (data instanceof Map || data instanceof Set) return [data.size, data.keys().next().value];
  const bytes = bytesOf(data);
  if (bytes === undefined) return firstField(data);
  return bytes.byteLength === 0 ? 0 : bytes.getUint8(bytes.byteLength - 1);
}

function firstField(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const key in value) return (value as Record<string, unknown>)[key];
  return undefined;
}
