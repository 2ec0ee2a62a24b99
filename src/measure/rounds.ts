/** Measures one payload: rounds in which every contestant has one turn. */
import { BenchHost, BenchLostError } from './bench/host.js';
import type { Ready } from './bench/protocol.js';
import type { Outcome } from './bench/turn.js';
import type { Fitness } from './contestants/index.js';
import {
  STAGES,
  type ContestantMeasurement,
  type ContestantName,
  type MeasuredPayload,
  type MemorySummary,
  type Stage,
} from './measurement.js';
import type { PayloadSpec, Plan } from './options.js';
import { summarize } from './stats.js';

export interface RoundsOptions {
  signal: AbortSignal | undefined;
  onTurn: (contestant: ContestantName, round: number) => void;
}

/**
 * Contestants with the same parent process. Each process has the data for itself, and what one kind leaves behind is not in
 * the figures of another one: after a Worker has ended, V8 keeps its pages for seconds, and a fork would inherit them.
 */
const PARENTS: readonly (readonly ContestantName[])[] = [
  ['fork', 'fork-prepared'],
  ['clone'],
  ['json', 'advanced'],
  ['shared'],
];

interface Entrant {
  name: ContestantName;
  bench: BenchHost;
  fitness: Fitness;
  outcomes: Outcome[];
  failure?: string;
}

export async function measurePayload(
  payload: PayloadSpec,
  plan: Plan,
  options: RoundsOptions,
): Promise<MeasuredPayload> {
  const { only, scale, timeout } = plan;
  options.signal?.throwIfAborted();
  const benches = PARENTS.flatMap((names) => {
    const contestants = names.filter((name) => only.includes(name));
    return contestants.length === 0
      ? []
      : [{ contestants, bench: new BenchHost({ payload, contestants, scale, timeout }) }];
  });
  const stop = (): void => benches.forEach(({ bench }) => bench[Symbol.dispose]());
  options.signal?.addEventListener('abort', stop);
  try {
    const ready = await Promise.all(benches.map(({ bench }) => bench.ready()));
    const entrants = benches.flatMap(({ bench, contestants }, at) =>
      contestants.map((name): Entrant => {
        const fitness = ready[at]?.fitness[name] as Fitness;
        return { name, bench, fitness, outcomes: [] };
      }),
    );
    await takeRounds(entrants, plan.rounds, options);
    for (const { bench } of benches) await bench.end().catch(ignoreLost);
    return measurementOf(payload.name, ready[0] as Ready, entrants);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** Round 0 warms up: code is compiled, files are read, memory is taken from the system. */
async function takeRounds(entrants: Entrant[], rounds: number, { signal, onTurn }: RoundsOptions): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    for (const entrant of rotated(entrants, round)) {
      signal?.throwIfAborted();
      // A way that has failed is given up: one that hangs shall not hang in every round.
      if (entrant.failure !== undefined || 'obstacle' in entrant.fitness) continue;
      onTurn(entrant.name, round);
      const result = await entrant.bench.turn(entrant.name).catch(reasonIfLost);
      if ('reason' in result) entrant.failure = `round ${round}: ${result.reason}`;
      else if (round > 0) entrant.outcomes.push(result);
    }
  }
}

/** Each round begins with the next one, so that none is always the first. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(list.length, 1);
  return [...list.slice(at), ...list.slice(0, at)];
}

function reasonIfLost(error: unknown): { reason: string } {
  if (error instanceof BenchLostError) return { reason: error.message };
  throw error;
}

function ignoreLost(error: unknown): void {
  // It has been noted as the failure of its contestants.
  if (!(error instanceof BenchLostError)) throw error;
}

function measurementOf(name: string, ready: Ready, entrants: readonly Entrant[]): MeasuredPayload {
  const { title, values, checksum, memory, heapUsed, external } = ready;
  return {
    name,
    status: 'measured',
    title,
    values,
    checksum,
    parent: { memory, heapUsed, external },
    contestants: entrants.map(contestantOf),
  };
}

function contestantOf({ name, fitness, outcomes, failure }: Entrant): ContestantMeasurement {
  if ('obstacle' in fitness) return { name, status: 'skipped', reason: fitness.obstacle };
  if (failure !== undefined) return { name, status: 'failed', reason: failure };
  const summaryOf = (pick: (outcome: Outcome) => number) => summarize(outcomes.map(pick));
  const memoryAt = (stage: Stage): MemorySummary => ({
    rss: summaryOf(({ memory }) => memory[stage].rss),
    pss: summaryOf(({ memory }) => memory[stage].pss),
    privateDirty: summaryOf(({ memory }) => memory[stage].privateDirty),
  });
  const preparations = outcomes.flatMap(({ preparation }) => preparation ?? []);
  return {
    name,
    status: 'measured',
    usable: summaryOf((outcome) => outcome.usable),
    read: summaryOf(({ report }) => report.read),
    blocked: summaryOf((outcome) => outcome.blocked),
    gc: summaryOf(({ report }) => report.gc),
    settle: summaryOf((outcome) => outcome.settle),
    wireBytes: fitness.wireBytes,
    ...(preparations.length > 0 && { preparation: summarize(preparations) }),
    memory: {
      of: name === 'clone' || name === 'shared' ? 'growth' : 'process',
      ...(Object.fromEntries(STAGES.map((stage) => [stage, memoryAt(stage)])) as Record<Stage, MemorySummary>),
    },
  };
}
