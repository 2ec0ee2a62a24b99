/** Messages between a parent and a child that is not a fork of it. */
import type { ChildReport } from './steps.js';

/** To the child: the data. */
export interface DataMessage {
  data: unknown;
}

/** From the child, in this order; or an error instead of what is still to come. */
export type ChildMessage =
  | { kind: 'usable' }
  | { kind: 'report'; report: ChildReport }
  | { kind: 'error'; error: string };
