/** Between `measure()` and the process that measures one payload: lines of JSON through a pipe. */
import type { ContestantName, MeasuredPayload } from '../measurement.js';
import type { PayloadSpec } from '../options.js';

/** The descriptor of the pipe, in the process that measures. */
export const PIPE = 3;

/** The argument of the process. */
export interface BenchTask {
  payload: PayloadSpec;
  only: ContestantName[];
  rounds: number;
  scale: number;
  timeout: number;
}

export type BenchEvent =
  | { kind: 'turn'; contestant: ContestantName; round: number }
  | { kind: 'done'; payload: MeasuredPayload }
  | { kind: 'error'; code: string; message: string };
