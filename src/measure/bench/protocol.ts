/** Messages between `measure()` and a process that measures. */
import type { Extent } from '../child/steps.js';
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
  /** Tell how large the data is when it is serialized. */
  sized: boolean;
}

/** To the process. Each is answered. */
export type BenchCommand =
  | { kind: 'warm-up'; contestant: ContestantName }
  | { kind: 'turn'; contestant: ContestantName; extent: Extent }
  | { kind: 'together'; contestant: ContestantName; children: number }
  | { kind: 'end' };

/** The first answer, when the data is there. */
export interface Ready {
  kind: 'ready';
  title: string;
  /** As structured clone serializes it, if that was asked for and can be. */
  bytes: number | undefined;
  values: number;
  checksum: string;
  memory: MemorySample;
  heapUsed: number;
  external: number;
  fitness: Partial<Record<ContestantName, Fitness>>;
  /** Milliseconds that a way took before its first child. */
  preparation: Partial<Record<ContestantName, number>>;
}

/** Several children at once: milliseconds, and bytes more than the parent alone had. */
export interface TogetherOutcome {
  usable: number;
  rss: number;
  pss: number;
  privateDirty: number;
}

/** From the process. */
export type BenchAnswer =
  | Ready
  | { kind: 'warm' }
  | { kind: 'outcome'; outcome: Outcome }
  | { kind: 'together'; together: TogetherOutcome }
  /** This turn came to nothing. */
  | { kind: 'failed'; reason: string }
  | { kind: 'ended' }
  /** Nothing more can be measured. */
  | { kind: 'error'; code: string; message: string };
