/** One contestant, once. */
import { performance } from 'node:perf_hooks';
import type { ChildReport } from '../child/steps.js';
import type { Contestant, Turn } from '../contestants/index.js';
import type { MemorySample, Stage } from '../measurement.js';
import type { Payload } from '../payloads/payload.js';
import { now } from '../system/clock.js';
import { growth } from '../system/memory.js';

/** What a turn has shown. Times in milliseconds. */
export interface Outcome {
  usable: number;
  blocked: number;
  /** Before the turn, off the clock: settling the heap, and getting the data into another form. */
  settle: number;
  preparation?: number;
  memory: Record<Stage, MemorySample>;
  report: ChildReport;
}

/** How long a child that was told to end may take to be gone, before it is left behind. */
const GRACE = 5000;

/** `pristine` is the memory of this process before it had any child. */
export async function takeTurn(
  contestant: Contestant,
  payload: Payload,
  pristine: MemorySample,
  timeout: number,
): Promise<Omit<Outcome, 'settle'>> {
  const overdue = new AbortController();
  const clock = new TurnClock(overdue.signal);
  const timer = setTimeout(() => overdue.abort(), timeout);
  try {
    const report = await Promise.race([contestant.run(payload, clock), leftBehind(overdue.signal)]);
    const { began, blocked, preparation } = clock;
    return {
      usable: report.usableAt - began,
      blocked,
      ...(preparation !== undefined && { preparation }),
      memory: contestant.isThread ? growthSince(pristine, report.memory) : report.memory,
      report,
    };
  } catch (error) {
    if (!overdue.signal.aborted) throw error;
    const stage = clock.isOver ? 'had the data, but had not finished' : 'did not even have the data';
    throw new Error(`the child ${stage} within ${timeout / 1000} s, and was ended`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What counts as blocked is the time in which the parent's event loop did not wait for events, between the decision and the
 * moment at which the data is handed over. libuv measures it (`eventLoopUtilization`). That is right for every contestant:
 * it has the synchronous calls (fork, serialization) and the many small writes to a socket that follow, whenever they are
 * made; it has no time in which the loop was free; and unlike a heartbeat it takes no CPU from the child.
 */
class TurnClock implements Turn {
  began = 0;
  blocked = 0;
  isOver = false;
  preparation: number | undefined;
  readonly signal: AbortSignal;
  #utilization = performance.eventLoopUtilization();

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  begin(): void {
    this.#utilization = performance.eventLoopUtilization();
    this.began = now();
  }

  handedOver(): void {
    this.blocked = performance.eventLoopUtilization(this.#utilization).active;
    this.isOver = true;
  }

  prepared(milliseconds: number): void {
    this.preparation = milliseconds;
  }
}

/** Rejects when a child that was told to end is still not gone. */
function leftBehind(overdue: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    overdue.addEventListener('abort', () => {
      setTimeout(() => reject(new Error('it does not end')), GRACE).unref();
    });
  });
}

/**
 * Not since the turn began: V8 keeps the pages of a Worker that has ended for a while, and gives them to the next one, so
 * that the process would not seem to grow.
 */
function growthSince(pristine: MemorySample, memory: Record<Stage, MemorySample>): Record<Stage, MemorySample> {
  return {
    start: growth(pristine, memory.start),
    read: growth(pristine, memory.read),
    gc: growth(pristine, memory.gc),
    write: growth(pristine, memory.write),
    scatter: growth(pristine, memory.scatter),
  };
}
