/** One contestant, once. */
import { performance } from 'node:perf_hooks';
import type { ChildReport } from '../child/steps.js';
import type { Contestant, Turn } from '../contestants/index.js';
import type { Payload } from '../payloads/payload.js';
import { now } from '../system/clock.js';

export interface Outcome {
  usable: number;
  blocked: number;
  preparation: number | undefined;
  report: ChildReport;
}

/** How long a child that was told to end may take to be gone, before it is left behind. */
const GRACE = 5000;

export async function takeTurn(contestant: Contestant, payload: Payload, timeout: number): Promise<Outcome> {
  const overdue = new AbortController();
  const clock = new TurnClock(overdue.signal);
  const timer = setTimeout(() => overdue.abort(), timeout);
  try {
    const report = await Promise.race([contestant.run(payload, clock), leftBehind(overdue.signal)]);
    return { usable: report.usableAt - clock.began, blocked: clock.blocked, preparation: clock.preparation, report };
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
