import type { ExitStatus } from '../errors.js';

/** A child from its start to its end, whoever reaps it. */
export interface ChildHandle {
  readonly pid: number;
  /** Settles when the child has ended and was reaped. */
  readonly ended: Promise<ExitStatus>;
  /** Set when it has ended. */
  readonly status: ExitStatus | undefined;
  /** Looks whether the child has ended; where that can be told at once, all is settled before this returns. */
  poll(): void;
  /** Sends a signal; false if the child has ended. */
  signal(signal: NodeJS.Signals | number): boolean;
  /** Whether the child keeps this process alive. */
  setRef(keepsAlive: boolean): void;
  /** Lets go of what belongs to the parent: for a clone of it, which has no such child. */
  release(): void;
}
