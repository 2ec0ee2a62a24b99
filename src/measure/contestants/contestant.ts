/** One way to hand data to a child. */
import type { ChildReport, Extent } from '../child/steps.js';
import type { Payload } from '../payloads/payload.js';
import type { Cpu } from '../system/cpu.js';
import type { Inspection } from '../values/inspect.js';
import type { ContestantName } from '../ways.js';

export interface Contestant {
  name: ContestantName;
  /** Whether this data can go this way, and how many bytes that makes. */
  check(payload: Payload, inspection: Inspection): Fitness;
  /** Once, off the clock. What it takes for each child is `turn.prepared`. */
  prepare?(payload: Payload): Promise<void>;
  /** Starts a child and hands it the data; settles when both are under way. */
  start(payload: Payload, turn: Turn): Promise<Child>;
  /** The child is a thread: its memory is what the process grew by. */
  isThread?: true;
  /** The data is not handed over from this process: it need not have it. */
  isElsewhere?: true;
}

/** A child that has been started. */
export interface Child {
  /** Of its process. */
  pid: number;
  /** What it has found; it is waiting then. Rejects if it ends before. */
  report: Promise<ChildReport>;
  /** Ends it, and settles when it is gone: nothing of it may run on into the next turn. */
  end(): Promise<void>;
}

/** What the hand-over took of the parent: milliseconds, and a count. */
export interface ParentCosts {
  blocked: number;
  cpu: Cpu;
  faults: number;
}

export type Fitness = { wireBytes: number } | { obstacle: string } | { failure: string };

/** What a contestant says while it runs, and hears. */
export interface Turn {
  /** How far the child is to go. */
  extent: Extent;
  /** The clock starts, or has started at that time: from here on everything is part of handing over. */
  begin(at?: number): void;
  /** The parent has nothing more to do for the hand-over. What it cost is measured here, unless it was elsewhere. */
  handedOver(elsewhere?: ParentCosts): void;
  /** Time to get the data into another form first, off the clock. */
  prepared(milliseconds: number): void;
  /** The child took too long: end it. */
  signal: AbortSignal;
}
