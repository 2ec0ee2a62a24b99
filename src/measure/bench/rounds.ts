/** Measures one payload: rounds in which every contestant has one turn. */
import { ZygoteError } from '../../errors.js';
import { contestants, type Contestant, type Fitness } from '../contestants/index.js';
import {
  STAGES,
  type ContestantMeasurement,
  type ContestantName,
  type MeasuredPayload,
  type MemorySummary,
  type Stage,
} from '../measurement.js';
import type { Payload } from '../payloads/payload.js';
import { summarize } from '../stats.js';
import { now } from '../system/clock.js';
import { settleHeap, untilQuiet } from '../system/gc.js';
import { sampleMemory } from '../system/memory.js';
import { readAll, type Reading } from '../values/checksum.js';
import { inspectData } from '../values/inspect.js';
import { takeTurn, type Outcome } from './turn.js';

export interface RoundsOptions {
  only: ContestantName[];
  rounds: number;
  timeout: number;
  onTurn: (contestant: ContestantName, round: number) => void;
}

interface Entrant {
  contestant: Contestant;
  fitness: Fitness;
  outcomes: Outcome[];
  failure?: string;
}

export async function measurePayload(payload: Payload, options: RoundsOptions): Promise<MeasuredPayload> {
  const inspection = inspectData(payload.data);
  if (inspection.notMeasurable !== undefined) throw dataError(`${payload.name}: ${inspection.notMeasurable}`);
  const expected = readAll(payload.data);
  const entrants: Entrant[] = contestants(options.only).map((contestant) => ({
    contestant,
    fitness: contestant.check(payload, inspection),
    outcomes: [],
  }));

  const settleTimes: number[] = [];
  settleHeap();
  await untilQuiet();
  const memory = sampleMemory();
  const { heapUsed, external } = process.memoryUsage();

  // Round 0 warms up: code is compiled, files are read, memory is taken from the system.
  for (let round = 0; round <= options.rounds; round++) {
    for (const entrant of rotated(entrants, round)) {
      if (entrant.failure !== undefined || 'obstacle' in entrant.fitness) continue;
      options.onTurn(entrant.contestant.name, round);
      // Every turn begins with the same process.
      const from = now();
      settleHeap();
      if (round > 0) settleTimes.push(now() - from);
      await untilQuiet();
      await oneTurn(entrant, payload, expected, round, options.timeout);
    }
  }

  // What children wrote must not have reached the parent.
  verify('the parent, after all rounds,', payload, expected, readAll(payload.data).checksum);
  return {
    name: payload.name,
    status: 'measured',
    title: payload.title,
    values: expected.values,
    checksum: expected.checksum,
    parent: { memory, heapUsed, external, settle: summarize(settleTimes.length > 0 ? settleTimes : [0]) },
    contestants: entrants.map(measurementOf),
  };
}

async function oneTurn(
  entrant: Entrant,
  payload: Payload,
  expected: Reading,
  round: number,
  timeout: number,
): Promise<void> {
  const { contestant, outcomes } = entrant;
  try {
    const outcome = await takeTurn(contestant, payload, timeout);
    verify(`the child of '${contestant.name}'`, payload, expected, outcome.report.checksum);
    if (round > 0) outcomes.push(outcome);
  } catch (error) {
    if (error instanceof ZygoteError && error.code === MISMATCH) throw error;
    // It is given up: a way that hangs shall not hang in every round.
    entrant.failure = `round ${round}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const MISMATCH = 'ERR_ZYGOTE_MEASURE_MISMATCH';

function verify(who: string, { name }: Payload, expected: Reading, found: string): void {
  if (found === expected.checksum) return;
  const message = `${name}: ${who} has read other data: checksum ${found}, expected ${expected.checksum}. The figures mean nothing`;
  throw new ZygoteError(MISMATCH, message);
}

/** Each round begins with the next one, so that none is always the first. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(list.length, 1);
  return [...list.slice(at), ...list.slice(0, at)];
}

function measurementOf({ contestant, fitness, outcomes, failure }: Entrant): ContestantMeasurement {
  const { name } = contestant;
  if ('obstacle' in fitness) return { name, status: 'skipped', reason: fitness.obstacle };
  if (failure !== undefined) return { name, status: 'failed', reason: failure };
  const summaryOf = (pick: (outcome: Outcome) => number) => summarize(outcomes.map(pick));
  const memoryAt = (stage: Stage): MemorySummary => ({
    rss: summaryOf(({ report }) => report.memory[stage].rss),
    pss: summaryOf(({ report }) => report.memory[stage].pss),
    privateDirty: summaryOf(({ report }) => report.memory[stage].privateDirty),
  });
  const preparations = outcomes.flatMap(({ preparation }) => preparation ?? []);
  return {
    name,
    status: 'measured',
    usable: summaryOf((outcome) => outcome.usable),
    read: summaryOf(({ report }) => report.read),
    blocked: summaryOf((outcome) => outcome.blocked),
    gc: summaryOf(({ report }) => report.gc),
    wireBytes: fitness.wireBytes,
    ...(preparations.length > 0 && { preparation: summarize(preparations) }),
    memory: {
      of: contestant.isThread ? 'growth' : 'process',
      ...(Object.fromEntries(STAGES.map((stage) => [stage, memoryAt(stage)])) as Record<Stage, MemorySummary>),
    },
  };
}

function dataError(message: string): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_MEASURE_DATA', message);
}
