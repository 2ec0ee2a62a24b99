/** What came of all turns, as it is told. */
import type { Ready } from './bench/protocol.js';
import type { Outcome } from './bench/turn.js';
import {
  STAGES,
  type ContestantMeasurement,
  type ContestantName,
  type MeasuredContestant,
  type MeasuredPayload,
  type MemorySample,
  type MemorySummary,
  type TogetherMeasurement,
} from './measurement.js';
import { NO_TIME } from './participants.js';
import type { Entrant } from './rounds.js';
import { summarize, type Summary } from './stats.js';
import { WAYS } from './ways.js';

/** `leftOut` says why ways were not even prepared. */
export function measurementOf(
  name: string,
  ready: Ready,
  entrants: readonly Entrant[],
  { methods, leftOut }: { methods: readonly ContestantName[]; leftOut: ReadonlyMap<ContestantName, string> },
): MeasuredPayload {
  const { title, bytes, values, checksum, memory, heapUsed, external } = ready;
  return {
    name,
    status: 'measured',
    title,
    ...(bytes !== undefined && { bytes }),
    values,
    checksum,
    parent: { memory, heapUsed, external },
    contestants: methods.flatMap((method): ContestantMeasurement[] => {
      const entrant = entrants.find((one) => one.name === method);
      if (entrant !== undefined) return [contestantOf(entrant)];
      return [{ name: method, status: 'skipped', reason: leftOut.get(method) ?? NO_TIME }];
    }),
  };
}

function contestantOf(entrant: Entrant): ContestantMeasurement {
  const { name, fitness, outcomes, failure, leftOut } = entrant;
  if ('obstacle' in fitness) return { name, status: 'skipped', reason: fitness.obstacle };
  if ('failure' in fitness) return { name, status: 'failed', reason: fitness.failure };
  if (failure !== undefined) return { name, status: 'failed', reason: failure };
  if (outcomes.length === 0) return { name, status: 'skipped', reason: leftOut ?? NO_TIME };
  return measuredOf(entrant, fitness.wireBytes);
}

function measuredOf(
  { name, outcomes, together, children, preparation }: Entrant,
  wireBytes: number,
): MeasuredContestant {
  const summaryOf = (pick: (outcome: Outcome) => number): Summary => summarize(outcomes.map(pick));
  const { family, start } = WAYS[name];
  const preparations = preparation === undefined ? present(outcomes, (one) => one.preparation) : [preparation];
  const collections = present(outcomes, ({ report }) => report.gc);
  const isThread = start === 'worker' || name === 'message';
  return {
    name,
    status: 'measured',
    usable: summaryOf((outcome) => outcome.usable),
    read: summaryOf(({ report }) => report.read),
    blocked: summaryOf(({ parent }) => parent.blocked),
    ...(collections.length > 0 && { gc: summarize(collections) }),
    ...(family !== 'python' && { settle: summaryOf((outcome) => outcome.settle) }),
    wireBytes,
    ...(preparations.length > 0 && { preparation: summarize(preparations) }),
    cpu: {
      parent: {
        user: summaryOf(({ parent }) => parent.cpu.user),
        system: summaryOf(({ parent }) => parent.cpu.system),
      },
      child: { user: summaryOf(({ childCpu }) => childCpu.user), system: summaryOf(({ childCpu }) => childCpu.system) },
    },
    parentFaults: summaryOf(({ parent }) => parent.faults),
    memory: { of: isThread ? 'growth' : 'process', ...memoryOf(outcomes) },
    ...(together.length > 0 && { together: togetherOf(children, together) }),
  };
}

/** At the stages that any child has reached: all of them reached the first two. */
function memoryOf(outcomes: readonly Outcome[]): Omit<MeasuredContestant['memory'], 'of'> {
  const stages = STAGES.flatMap((stage) => {
    const samples = present(outcomes, ({ memory }) => memory[stage]);
    return samples.length === 0 ? [] : [[stage, memorySummary(samples)]];
  });
  return Object.fromEntries(stages) as Omit<MeasuredContestant['memory'], 'of'>;
}

function memorySummary(samples: readonly MemorySample[]): MemorySummary {
  const summaryOf = (pick: (sample: MemorySample) => number): Summary => summarize(samples.map(pick));
  return {
    rss: summaryOf(({ rss }) => rss),
    pss: summaryOf(({ pss }) => pss),
    privateDirty: summaryOf(({ privateDirty }) => privateDirty),
    faults: summaryOf(({ faults }) => faults),
  };
}

function togetherOf(children: number, outcomes: Entrant['together']): TogetherMeasurement {
  return {
    children,
    usable: summarize(outcomes.map(({ usable }) => usable)),
    memory: {
      rss: summarize(outcomes.map(({ rss }) => rss)),
      pss: summarize(outcomes.map(({ pss }) => pss)),
      privateDirty: summarize(outcomes.map(({ privateDirty }) => privateDirty)),
    },
  };
}

function present<Item, Value>(items: readonly Item[], pick: (item: Item) => Value | undefined): Value[] {
  return items.flatMap((item) => pick(item) ?? []);
}
