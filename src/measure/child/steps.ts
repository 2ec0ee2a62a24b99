/** What every child does with the data, whichever way it came. */
import type { EarlyStage, MemorySample, Stage } from '../measurement.js';
import { now } from '../system/clock.js';
import type { Cpu } from '../system/cpu.js';
import { readAll } from '../values/checksum.js';
import type { Touched } from '../values/touch.js';
import { writeRun, writeScattered } from '../values/write.js';

/** How far a child goes: reading the data, or also changing it. */
export type Extent = 'read' | 'life';

/** What a child tells its parent. */
export interface ChildReport {
  /** When the data was first used, on the clock of the machine. */
  usableAt: number;
  /** CPU time of the child until then. */
  cpu: Cpu;
  /** Milliseconds that it took to read all of the data, and for a full GC. */
  read: number;
  gc?: number;
  /** Nothing where it was compared with that of another process than this one. */
  checksum?: string;
  memory: StageSamples;
}

export type StageSamples = Record<EarlyStage, MemorySample> & Partial<Record<Stage, MemorySample>>;

export interface Tools {
  collectGarbage: () => void;
  sampleMemory: () => MemorySample;
}

export function takeSteps(
  data: unknown,
  { at, cpu }: Touched,
  extent: Extent,
  { collectGarbage, sampleMemory }: Tools,
): ChildReport {
  const start = sampleMemory();
  const readFrom = now();
  const { checksum, values } = readAll(data);
  const readUntil = now();
  const read = sampleMemory();
  const report: ChildReport = { usableAt: at, cpu, read: readUntil - readFrom, checksum, memory: { start, read } };
  if (extent === 'read') return report;

  const gcFrom = now();
  collectGarbage();
  report.gc = now() - gcFrom;
  const { memory } = report;
  memory.gc = sampleMemory();
  writeRun(data, values, 1);
  memory.write1 = sampleMemory();
  writeRun(data, values, 10);
  memory.write10 = sampleMemory();
  writeScattered(data);
  memory.scatter = sampleMemory();
  writeRun(data, values, 100);
  memory.write100 = sampleMemory();
  return report;
}
