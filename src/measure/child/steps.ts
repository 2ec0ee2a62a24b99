/** What every child does with the data, whichever way it came. */
import type { MemorySample, Stage } from '../measurement.js';
import { now } from '../system/clock.js';
import { readAll } from '../values/checksum.js';
import { writeTenth } from '../values/write.js';

/** What a child tells its parent. */
export interface ChildReport {
  /** When the data was first used, on the clock of the machine. */
  usableAt: number;
  /** Milliseconds that it took to read all of the data, and for a full GC. */
  read: number;
  gc: number;
  checksum: string;
  memory: Record<Stage, MemorySample>;
}

export interface Tools {
  collectGarbage: () => void;
  sampleMemory: () => MemorySample;
}

/** `usableAt` is what `touch` has given for this data. */
export function takeSteps(data: unknown, usableAt: number, { collectGarbage, sampleMemory }: Tools): ChildReport {
  const start = sampleMemory();

  const readFrom = now();
  const { checksum, values } = readAll(data);
  const readUntil = now();
  const read = sampleMemory();

  const gcFrom = now();
  collectGarbage();
  const gcUntil = now();
  const gc = sampleMemory();

  writeTenth(data, values, 'run');
  const write = sampleMemory();

  writeTenth(data, values, 'scattered');
  const scatter = sampleMemory();

  return {
    usableAt,
    read: readUntil - readFrom,
    gc: gcUntil - gcFrom,
    checksum,
    memory: { start, read, gc, write, scatter },
  };
}
