/** The clock of one turn, and what the hand-over costs the parent. */
import { performance } from 'node:perf_hooks';
import type { Extent } from '../child/steps.js';
import type { ParentCosts, Turn } from '../contestants/contestant.js';
import { now } from '../system/clock.js';
import { cpuSince, processCpu } from '../system/cpu.js';

/**
 * What counts as blocked is the time in which the parent's event loop did not wait for events, between the decision and the
 * moment at which the data is handed over. libuv measures it (`eventLoopUtilization`). That is right for every contestant:
 * it has the synchronous calls (fork, serialization) and the many small writes to a socket that follow, whenever they are
 * made; it has no time in which the loop was free; and unlike a heartbeat it takes no CPU from the child.
 */
export class TurnClock implements Turn {
  began = 0;
  /** Page faults of this process before. */
  faultsBefore = 0;
  costs: ParentCosts = { blocked: 0, cpu: { user: 0, system: 0 }, faults: 0 };
  isOver = false;
  preparation: number | undefined;
  readonly signal: AbortSignal;
  readonly extent: Extent;
  #cpu = processCpu();
  #utilization = performance.eventLoopUtilization();

  constructor(signal: AbortSignal, extent: Extent) {
    this.signal = signal;
    this.extent = extent;
  }

  begin(at?: number): void {
    this.faultsBefore = pageFaults();
    this.#cpu = processCpu();
    this.#utilization = performance.eventLoopUtilization();
    this.began = at ?? now();
  }

  handedOver(elsewhere?: ParentCosts): void {
    this.costs = elsewhere ?? {
      blocked: performance.eventLoopUtilization(this.#utilization).active,
      cpu: cpuSince(this.#cpu, processCpu()),
      faults: pageFaults() - this.faultsBefore,
    };
    this.isOver = true;
  }

  prepared(milliseconds: number): void {
    this.preparation = milliseconds;
  }
}

function pageFaults(): number {
  return process.resourceUsage().minorPageFault;
}
