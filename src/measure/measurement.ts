/** What `measure()` gives, and what `zygote measure --json` prints. Times are in milliseconds, sizes in bytes. */
import type { Summary } from './stats.js';

export type { Summary } from './stats.js';

/** Ways to hand data to a child. */
export type ContestantName = 'fork' | 'fork-prepared' | 'clone' | 'json' | 'advanced' | 'shared';

export interface Measurement {
  /** Of this type. Another number: not to be read as this one. */
  format: 1;
  environment: Environment;
  /** Rounds that count. One more was run before them, to warm up. */
  rounds: number;
  /** The sizes of the built-in payloads were multiplied by it. */
  scale: number;
  /** How long it took altogether. */
  elapsed: number;
  /** In the order in which they were measured. The one named `nothing` shows what starting a child costs by itself. */
  payloads: PayloadMeasurement[];
}

export interface Environment {
  /** When it began, as an ISO 8601 date. */
  date: string;
  zygote: string;
  node: string;
  v8: string;
  os: string;
  kernel: string;
  arch: string;
  cpu: string;
  /** How many CPUs this process may use. */
  cpus: number;
  /** RAM of the machine. */
  memory: number;
  /** Processes that wanted a CPU, averaged over the minute before. Other work on the machine spoils figures. */
  load: number;
}

export type PayloadMeasurement = MeasuredPayload | MissingPayload;

export interface MeasuredPayload {
  name: string;
  status: 'measured';
  /** For people: `1,000,000 records {id, name, score}`. */
  title: string;
  /** Numbers, strings and so on that the data consists of, without keys; of binary data, its bytes. */
  values: number;
  /** Over every value. Each child computed the same from what it received. */
  checksum: string;
  parent: {
    /** A process that holds the data, settled, before it had any child. */
    memory: MemorySample;
    /** V8's heap in use, and memory outside of the heap that belongs to objects in it. */
    heapUsed: number;
    external: number;
  };
  contestants: ContestantMeasurement[];
}

/** A payload that could not be measured at all. */
export interface MissingPayload {
  name: string;
  status: 'skipped' | 'failed';
  reason: string;
}

export type ContestantMeasurement = MeasuredContestant | MissingContestant;

export interface MeasuredContestant {
  name: ContestantName;
  status: 'measured';
  /** From the parent's decision until the child, which did not exist before, has touched the data. */
  usable: Summary;
  /** Reading every value in the child, once. */
  read: Summary;
  /** How long the parent's event loop was busy with handing over, instead of waiting for events. */
  blocked: Summary;
  /** A full GC in the child. */
  gc: Summary;
  /** Before each turn, off the clock: a full GC in the parent that gives free pages back. `fork-prepared` has one on the clock too. */
  settle: Summary;
  /** Bytes of the data that are serialized, copied and deserialized. */
  wireBytes: number;
  /** Time to get the data into the form that this way needs, off the clock. */
  preparation?: Summary;
  memory: {
    /** Of the child's process; or of the process that the thread is in, less what it was before it had any thread. */
    of: 'process' | 'growth';
  } & Record<Stage, MemorySummary>;
}

export interface MissingContestant {
  name: ContestantName;
  /** Skipped: this kind of data cannot go this way. Failed: it was tried. */
  status: 'skipped' | 'failed';
  reason: string;
}

/**
 * Moments in the child, each after the one before: the data is usable; all of it was read; a full GC; a tenth of it was
 * written in one run; every tenth value was written.
 */
export type Stage = 'start' | 'read' | 'gc' | 'write' | 'scatter';

export const STAGES: readonly Stage[] = ['start', 'read', 'gc', 'write', 'scatter'];

export interface MemorySample {
  /** Resident set size. */
  rss: number;
  /** Proportional set size: a page that n processes map counts as 1/n. */
  pss: number;
  /** Pages that the process has for itself because it wrote them. */
  privateDirty: number;
}

export type MemorySummary = Record<keyof MemorySample, Summary>;
