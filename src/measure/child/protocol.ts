/** Messages between a parent and a child. */
import type { ChildReport, Extent } from './steps.js';

/** To the child: the data, and what to do with it. To one that waits for data also `'wait'`, before. */
export interface DataMessage {
  data: unknown;
  extent: Extent;
}

/** From the child, in this order; or an error instead of what is still to come. It then waits to be ended. */
export type ChildMessage =
  /** One that was told to wait for the data does so now. */
  { kind: 'waiting' } | { kind: 'usable' } | { kind: 'report'; report: ChildReport } | { kind: 'error'; error: string };
