/** Measures one payload: rounds in which every contestant has one turn. */
import { BenchHost, BenchLostError } from './bench/host.js';
import type { Ready, TogetherOutcome } from './bench/protocol.js';
import type { Outcome } from './bench/turn.js';
import { LOADING, type TimeBox } from './budget.js';
import type { Fitness } from './contestants/index.js';
import type { ContestantName, MeasuredPayload } from './measurement.js';
import type { PayloadSpec, Plan, Point } from './options.js';
import { inOrderOfWeight, isForemost, NO_TIME, noTime, participants } from './participants.js';
import { measurementOf } from './summary.js';
import { WAYS } from './ways.js';

export interface RoundsOptions {
  signal: AbortSignal | undefined;
  /** Without a round where several children are measured together. */
  onTurn: (contestant: ContestantName, round: number | undefined) => void;
}

/**
 * Contestants with the same parent process. Each process has the data for itself, and what one kind leaves behind is not in
 * the figures of another one: after a Worker has ended, V8 keeps its pages for seconds, and a fork would inherit them.
 */
const PARENTS: readonly (readonly ContestantName[])[] = [
  ['fork', 'fork-prepared', 'queue-fork', 'memory-fork', 'mapping-fork'],
  // These have the data elsewhere.
  ['forkserver-preloaded', 'python-fork', 'python-forkserver', 'python-spawn'],
  [
    'forkserver-args',
    'spawn-args',
    'queue-forkserver',
    'queue-spawn',
    'memory-forkserver',
    'memory-spawn',
    'mapping-forkserver',
    'mapping-spawn',
    'json',
    'advanced',
    'ipc',
  ],
  ['clone', 'message'],
  ['shared'],
];

const TINY = 1e-6;

/** Milliseconds that a way may take always. */
const CHEAP = 300;
/** The foremost of the foremost: one that inherits, and one that serializes. */
const FIRST = 2;
/** How much of its time a payload keeps for several children at once. */
const FOR_TOGETHER = 0.25;

export interface Entrant {
  name: ContestantName;
  bench: BenchHost;
  fitness: Fitness;
  preparation: number | undefined;
  outcomes: Outcome[];
  together: TogetherOutcome[];
  children: number;
  failure?: string;
  /** Why it had no turn. */
  leftOut?: string;
}

/** There is no time for any way. */
export class NoTimeError extends Error {}

export async function measurePayload(
  { spec, together }: Point,
  plan: Plan,
  box: TimeBox,
  options: RoundsOptions,
): Promise<MeasuredPayload> {
  const { scale, timeout } = plan;
  options.signal?.throwIfAborted();
  const { taking, leftOut } = participants(plan.methods, box);
  if (taking.length === 0) throw new NoTimeError(NO_TIME);
  const from = performance.now();
  const benches = PARENTS.flatMap((names) => {
    const contestants = names.filter((name) => taking.includes(name));
    return contestants.length === 0 ? [] : [{ contestants }];
  }).map(({ contestants }, at) => {
    // To say that its data cannot go this way it needs little of it.
    const isIdle = at > 0 && contestants.every((name) => name === 'shared') && isOfObjects(spec);
    const task = { payload: spec, contestants, scale: isIdle ? TINY : scale, timeout, sized: at === 0 };
    return { contestants, bench: new BenchHost(task) };
  });
  const stop = (): void => benches.forEach(({ bench }) => bench[Symbol.dispose]());
  options.signal?.addEventListener('abort', stop);
  try {
    const ready = await Promise.all(benches.map(({ bench }) => bench.ready()));
    box.took(LOADING, performance.now() - from);
    const entrants = benches.flatMap(({ bench, contestants }, at) =>
      contestants.map((name): Entrant => {
        const { fitness, preparation } = ready[at] as Ready;
        const common = { outcomes: [], together: [], children: plan.children };
        return { name, bench, fitness: fitness[name] as Fitness, preparation: preparation[name], ...common };
      }),
    );
    entrants.sort((a, b) => plan.methods.indexOf(a.name) - plan.methods.indexOf(b.name));
    for (const { name, fitness } of entrants) if ('obstacle' in fitness) box.cannot(name, fitness.obstacle);
    await takeRounds(entrants, plan, together > 0 ? earlier(box) : box, options);
    for (let time = 0; time < together; time++) await takeTogether(entrants, plan, box, options);
    for (const { bench } of benches) await bench.end().catch(ignoreLost);
    return measurementOf(spec.name, ready[0] as Ready, entrants, { methods: plan.methods, leftOut });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stop();
  }
}

function isOfObjects(spec: PayloadSpec): boolean {
  return spec.kind === 'built-in' && spec.name !== 'buffer';
}

/** What is left of the time is for something else. */
function earlier(box: TimeBox): TimeBox {
  const now = performance.now();
  return box.until === Number.POSITIVE_INFINITY ? box : { ...box, until: now + (box.until - now) * (1 - FOR_TOGETHER) };
}

async function takeRounds(
  entrants: Entrant[],
  { rounds, lives }: Plan,
  box: TimeBox,
  { signal, onTurn }: RoundsOptions,
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    let taken = 0;
    for (const entrant of inOrder(entrants, round)) {
      signal?.throwIfAborted();
      if (!('wireBytes' in entrant.fitness)) continue;
      // Once the data is there, at least the first ways are tried.
      if (!(round === 1 && taken < FIRST) && !hasTime(entrant, round, box)) continue;
      taken++;
      if (round === 1) await warmUp(entrant, onTurn);
      // A way that has failed is given up: one that hangs shall not hang in every round.
      if (entrant.failure !== undefined) continue;
      signal?.throwIfAborted();
      onTurn(entrant.name, round);
      await takeTurn(entrant, round, lives, box);
    }
    if (taken === 0) return;
  }
}

/** Round 0, once without data: code is compiled, files are read, servers are up. */
async function warmUp(entrant: Entrant, onTurn: RoundsOptions['onTurn']): Promise<void> {
  onTurn(entrant.name, 0);
  const failed = await entrant.bench.warmUp(entrant.name).catch(reasonIfLost);
  if (failed) entrant.failure = `round 0: ${failed.reason}`;
}

async function takeTurn(entrant: Entrant, round: number, lives: number, box: TimeBox): Promise<void> {
  const from = performance.now();
  const result = await entrant.bench.turn(entrant.name, round <= lives ? 'life' : 'read').catch(reasonIfLost);
  box.took(entrant.name, performance.now() - from);
  if ('reason' in result) entrant.failure = `round ${round}: ${result.reason}`;
  else entrant.outcomes.push(result);
}

/** In the first round also what is dear, if there is any time for it; later only what fits. */
function hasTime(entrant: Entrant, round: number, box: TimeBox): boolean {
  if (entrant.leftOut !== undefined || entrant.failure !== undefined) return false;
  if (box.until === Number.POSITIVE_INFINITY) return true;
  const cost = box.expected(entrant.name);
  const left = box.until - performance.now();
  if (round > 1) return (cost ?? 0) <= left;
  // The foremost ways may take a bit of what others have not had yet.
  const least = isForemost(entrant.name) ? -box.spare : 0;
  if (cost === undefined ? left > least : cost <= Math.max(left, CHEAP)) return true;
  entrant.leftOut = cost === undefined ? NO_TIME : noTime(cost);
  return false;
}

/** Each round begins with another one, so that none is always the first. In the first round the foremost are. */
function inOrder(entrants: readonly Entrant[], round: number): Entrant[] {
  if (round === 1) {
    const order = inOrderOfWeight(entrants.map(({ name }) => name));
    return entrants.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  }
  const at = round % Math.max(entrants.length, 1);
  return [...entrants.slice(at), ...entrants.slice(0, at)];
}

/** Several children at once, of each way that starts any. */
async function takeTogether(
  entrants: readonly Entrant[],
  { children }: Plan,
  box: TimeBox,
  { signal, onTurn }: RoundsOptions,
): Promise<void> {
  for (const entrant of inOrder(entrants, 1)) {
    signal?.throwIfAborted();
    if (WAYS[entrant.name].start === 'running' || entrant.failure !== undefined || entrant.outcomes.length === 0)
      continue;
    const cost = (box.expected(entrant.name) ?? 0) * children;
    if (performance.now() + cost > box.until) continue;
    onTurn(entrant.name, undefined);
    const result = await entrant.bench.together(entrant.name, children).catch(reasonIfLost);
    if ('reason' in result) entrant.failure = `${children} children together: ${result.reason}`;
    else entrant.together.push(result);
  }
}

function reasonIfLost(error: unknown): { reason: string } {
  if (error instanceof BenchLostError) return { reason: error.message };
  throw error;
}

function ignoreLost(error: unknown): void {
  // It has been noted as the failure of its contestants.
  if (!(error instanceof BenchLostError)) throw error;
}
