/** Messages between `measure()` and a process that measures. */
import type { Fitness } from '../contestants/index.js';
import type { ContestantName, MemorySample } from '../measurement.js';
import type { PayloadSpec } from '../options.js';
import type { Outcome } from './turn.js';

/** What the process is for: its argument, as JSON. */
export interface BenchTask {
  payload: PayloadSpec;
  contestants: ContestantName[];
  scale: number;
  /** Of a turn, in milliseconds. */
  timeout: number;
}

/** To the process. Each is answered. */
export type BenchCommand = { kind: 'turn'; contestant: ContestantName } | { kind: 'end' };

/** The first answer, when the data is there. */
export interface Ready {
  kind: 'ready';
  title: string;
  values: number;
  checksum: string;
  memory: MemorySample;
  heapUsed: number;
  external: number;
  fitness: Partial<Record<ContestantName, Fitness>>;
}

/** From the process. */
export type BenchAnswer =
  | Ready
  | { kind: 'outcome'; outcome: Outcome }
  /** This turn came to nothing. */
  | { kind: 'failed'; reason: string }
  | { kind: 'ended' }
  /** Nothing more can be measured. */
  | { kind: 'error'; code: string; message: string };
