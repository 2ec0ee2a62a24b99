/**
 * What `measure()` gives, and what `zygote measure --json` prints. Times are in milliseconds, sizes in bytes.
 * `docs/measurement.schema.json` says the same for other programs.
 */
import type { Summary } from './stats.js';
import type { ContestantName } from './ways.js';

export type { Summary } from './stats.js';
export type { ContestantName } from './ways.js';

export interface Measurement {
  /** Of this type. Another number: not to be read as this one. */
  format: 2;
  environment: Environment;
  /** Rounds that were wanted. Each way was tried once more before them, without data, to warm up. */
  rounds: number;
  /** The sizes of the built-in payloads were multiplied by it. */
  scale: number;
  /** Within which all was to be measured: dear ways had fewer rounds then. Absent if there was no limit. */
  budget?: number;
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
  /** Version of the Python 3 that was at hand. */
  python?: string;
}

export type PayloadMeasurement = MeasuredPayload | MissingPayload;

export interface MeasuredPayload {
  /** Of its kind: `records`. Payloads of one kind differ in size. */
  name: string;
  status: 'measured';
  /** For people: `1,000,000 records {id, name, score}`. */
  title: string;
  /** As structured clone serializes it: the size by which payloads of one kind are compared. Absent if it cannot. */
  bytes?: number;
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
  /** From the parent's decision until the child, which in most ways did not exist before, has touched the data. */
  usable: Summary;
  /** Reading every value in the child, once. */
  read: Summary;
  /** How long the parent's event loop was busy with handing over, instead of waiting for events; of Python, its call of `start`. */
  blocked: Summary;
  /** A full GC in the child. */
  gc?: Summary;
  /** Before each turn, off the clock: a full GC in the parent that gives free pages back. `fork-prepared` has one on the clock too. */
  settle?: Summary;
  /** Bytes of the data that are serialized, copied and deserialized. */
  wireBytes: number;
  /** Time to get the data into the form that this way needs, off the clock: into shared memory, into a server. */
  preparation?: Summary;
  /** CPU time from the decision until the data is usable. Of processes all threads; a thread's own is the child's. */
  cpu: { parent: CpuSummary; child: CpuSummary };
  /** Page faults of the parent meanwhile. Those of the child are in its memory. */
  parentFaults: Summary;
  memory: {
    /** Of the child's process; or of the process that the thread is in, less what it was before it had any thread. */
    of: 'process' | 'growth';
  } & Record<EarlyStage, MemorySummary> &
    Partial<Record<Stage, MemorySummary>>;
  /** Several children at once. */
  together?: TogetherMeasurement;
}

export interface MissingContestant {
  name: ContestantName;
  /** Skipped: this kind of data cannot go this way, or there was no time for it. Failed: it was tried. */
  status: 'skipped' | 'failed';
  reason: string;
}

export interface CpuSummary {
  /** In the program and its libraries. */
  user: Summary;
  /** In the kernel, on its behalf. */
  system: Summary;
}

/** Children that all have read the data, at one moment. Sums over them and their parent, without what the parent had before. */
export interface TogetherMeasurement {
  children: number;
  /** From the decision until the last of them, started one right after the other, has touched the data. */
  usable: Summary;
  memory: Record<'rss' | 'pss' | 'privateDirty', Summary>;
}

/** Moments in every child. */
export type EarlyStage = 'start' | 'read';

/**
 * Moments in the child, each after the one before: the data is usable; all of it was read; a full GC; 1 % of it was written in
 * one run; 10 %; every tenth value all over the data; everything. Not every round goes so far.
 */
export type Stage = EarlyStage | 'gc' | 'write1' | 'write10' | 'scatter' | 'write100';

export const STAGES: readonly Stage[] = ['start', 'read', 'gc', 'write1', 'write10', 'scatter', 'write100'];

export interface MemorySample {
  /** Resident set size. */
  rss: number;
  /** Proportional set size: a page that n processes map counts as 1/n. */
  pss: number;
  /** Pages that the process has for itself because it wrote them. */
  privateDirty: number;
  /** Page faults so far, without those that read from a disk: first touches, and copies of shared pages. A count. */
  faults: number;
}

export type MemorySummary = Record<keyof MemorySample, Summary>;
