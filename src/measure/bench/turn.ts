/** One contestant, once. */
import type { ChildReport, Extent, StageSamples } from '../child/steps.js';
import type { Child, Contestant, ParentCosts } from '../contestants/contestant.js';
import type { MemorySample } from '../measurement.js';
import type { Payload } from '../payloads/payload.js';
import { type Cpu, cpuSince } from '../system/cpu.js';
import { growth } from '../system/memory.js';
import { TurnClock } from './clock.js';

/** What a turn has shown. Times in milliseconds. */
export interface Outcome {
  usable: number;
  /** Of the parent until the data was usable. */
  parent: ParentCosts;
  /** CPU time of the child until then. */
  childCpu: Cpu;
  /** Before the turn, off the clock: settling the heap, and getting the data into another form. */
  settle: number;
  preparation?: number;
  memory: StageSamples;
  report: ChildReport;
}

/** How long a child that was told to end may take to be gone, before it is left behind. */
const GRACE = 5000;

/** `pristine` is the memory of this process before it had any child. */
export async function takeTurn(
  contestant: Contestant,
  payload: Payload,
  pristine: MemorySample,
  { timeout, extent }: { timeout: number; extent: Extent },
): Promise<Omit<Outcome, 'settle'>> {
  return withinTime(timeout, async (signal) => {
    const clock = new TurnClock(signal, extent);
    try {
      const child = await contestant.start(payload, clock);
      try {
        return outcomeOf(contestant, clock, await child.report, pristine);
      } finally {
        await child.end();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      const stage = clock.isOver ? 'had the data, but had not finished' : 'did not even have the data';
      throw new Error(`the child ${stage} within ${timeout / 1000} s, and was ended`, { cause: error });
    }
  });
}

/** What several children at once have shown. */
export interface Together {
  /** Milliseconds from the first decision until the last has the data. */
  usable: number;
  children: Child[];
}

/** Starts children one after the other, and calls `look` when all of them have read the data. */
export async function takeTogether<Result>(
  contestant: Contestant,
  payload: Payload,
  count: number,
  timeout: number,
  look: (together: Together) => Result,
): Promise<Result> {
  return withinTime(timeout, async (signal) => {
    const children: Child[] = [];
    const began: number[] = [];
    try {
      for (let at = 0; at < count; at++) {
        const clock = new TurnClock(signal, 'read');
        children.push(await contestant.start(payload, clock));
        began.push(clock.began);
      }
      const reports = await Promise.all(children.map(({ report }) => report));
      const usable = Math.max(...reports.map(({ usableAt }) => usableAt)) - Math.min(...began);
      return look({ usable, children });
    } finally {
      await Promise.all(children.map((child) => child.end()));
    }
  });
}

/** A signal is aborted when the time is over; who does not heed it is left behind. */
async function withinTime<Result>(timeout: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(), timeout);
  try {
    return await Promise.race([work(overdue.signal), leftBehind(overdue.signal)]);
  } finally {
    clearTimeout(timer);
  }
}

function outcomeOf(
  { isThread }: Contestant,
  { began, costs, preparation, faultsBefore }: TurnClock,
  report: ChildReport,
  pristine: MemorySample,
): Omit<Outcome, 'settle'> {
  const parentCpu = isThread ? notNegative(cpuSince(report.cpu, costs.cpu)) : costs.cpu;
  return {
    usable: report.usableAt - began,
    // Of a thread they are all in its own figures: the kernel counts them for the process.
    parent: { ...costs, cpu: parentCpu, faults: isThread ? 0 : costs.faults },
    childCpu: report.cpu,
    ...(preparation !== undefined && { preparation }),
    memory: isThread ? growthSince({ ...pristine, faults: faultsBefore }, report.memory) : report.memory,
    report,
  };
}

/** The two are not read at the same moment. */
function notNegative({ user, system }: Cpu): Cpu {
  return { user: Math.max(user, 0), system: Math.max(system, 0) };
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
function growthSince(pristine: MemorySample, memory: StageSamples): StageSamples {
  const stages = Object.entries(memory).map(([stage, sample]) => [stage, growth(pristine, sample)]);
  return Object.fromEntries(stages) as StageSamples;
}
