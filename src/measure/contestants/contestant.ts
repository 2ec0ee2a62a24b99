/** One way to hand data to a child. */
import type { ChildReport } from '../child/steps.js';
import type { ContestantName } from '../measurement.js';
import type { Payload } from '../payloads/payload.js';
import type { Inspection } from '../values/inspect.js';

export interface Contestant {
  name: ContestantName;
  /** Whether this data can go this way, and how many bytes that makes. */
  check(payload: Payload, inspection: Inspection): Fitness;
  /** Starts a child, hands it the data, waits for its report and for its end. */
  run(payload: Payload, turn: Turn): Promise<ChildReport>;
  /** The child is a thread: its memory is what the process grew by. */
  isThread?: true;
}

export type Fitness = { wireBytes: number } | { obstacle: string };

/** What a contestant says while it runs, and hears. */
export interface Turn {
  /** The clock starts: from here on everything is part of handing over. */
  begin(): void;
  /** The parent has nothing more to do for the hand-over. */
  handedOver(): void;
  /** Time to get the data into another form first, off the clock. */
  prepared(milliseconds: number): void;
  /** The child took too long: end it. */
  signal: AbortSignal;
}
