/** Measures one payload: rounds in which every contestant has one turn. */
import { BenchHost, BenchLostError } from './bench/host.js';
import type { Ready, TogetherOutcome } from './bench/protocol.js';
import type { Outcome } from './bench/turn.js';
import type { TimeBox } from './budget.js';
import type { Fitness } from './contestants/index.js';
import type { ContestantName, MeasuredPayload } from './measurement.js';
import type { PayloadSpec, Plan, Point } from './options.js';
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
  ['fork', 'fork-prepared'],
  // These have the data elsewhere.
  ['forkserver-preloaded', 'python-fork', 'python-forkserver', 'python-spawn'],
  ['forkserver-args', 'spawn-args', 'json', 'advanced', 'ipc'],
  ['clone', 'message'],
  ['shared'],
];

const TINY = 1e-6;

/** Of what takes part where there is not time for all: the ways that answer the question. */
const FOREMOST: ReadonlySet<ContestantName> = new Set([
  'fork',
  'clone',
  'forkserver-preloaded',
  'advanced',
  'shared',
  'message',
]);
/** Milliseconds that a way may take always. */
const CHEAP = 300;
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

export async function measurePayload(
  { spec, together }: Point,
  plan: Plan,
  box: TimeBox,
  options: RoundsOptions,
): Promise<MeasuredPayload> {
  const { methods, scale, timeout } = plan;
  options.signal?.throwIfAborted();
  const benches = PARENTS.flatMap((names) => {
    const contestants = names.filter((name) => methods.includes(name));
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
    const entrants = benches.flatMap(({ bench, contestants }, at) =>
      contestants.map((name): Entrant => {
        const { fitness, preparation } = ready[at] as Ready;
        const common = { outcomes: [], together: [], children: plan.children };
        return { name, bench, fitness: fitness[name] as Fitness, preparation: preparation[name], ...common };
      }),
    );
    entrants.sort((a, b) => plan.methods.indexOf(a.name) - plan.methods.indexOf(b.name));
    await takeRounds(entrants, plan, together > 0 ? earlier(box) : box, options);
    for (let time = 0; time < together; time++) await takeTogether(entrants, plan, box, options);
    for (const { bench } of benches) await bench.end().catch(ignoreLost);
    return measurementOf(spec.name, ready[0] as Ready, entrants);
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
  return { ...box, until: now + (box.until - now) * (1 - FOR_TOGETHER) };
}

/** Round 0 warms up: code is compiled, files are read, memory is taken from the system. */
async function takeRounds(
  entrants: Entrant[],
  { rounds, lives }: Plan,
  box: TimeBox,
  { signal, onTurn }: RoundsOptions,
): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    let taken = 0;
    for (const entrant of inOrder(entrants, round)) {
      signal?.throwIfAborted();
      // A way that has failed is given up: one that hangs shall not hang in every round.
      if (entrant.failure !== undefined || !('wireBytes' in entrant.fitness)) continue;
      if (!hasTime(entrant, round, box)) continue;
      taken++;
      onTurn(entrant.name, round);
      if (round === 0) await warmUp(entrant);
      else await takeTurn(entrant, round, lives, box);
    }
    if (taken === 0) return;
  }
}

async function warmUp(entrant: Entrant): Promise<void> {
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
  const cost = box.expected(entrant.name);
  if (round === 0 || box.until === Number.POSITIVE_INFINITY) return true;
  const left = box.until - performance.now();
  if (round === 1) {
    if (cost === undefined || cost <= Math.max(left, CHEAP)) return true;
    const seconds = (cost / 1000).toLocaleString('en-US', { maximumSignificantDigits: 2 });
    entrant.leftOut = `there was no time for it: once takes about ${seconds} s (--full has no limit)`;
    return false;
  }
  return entrant.leftOut === undefined && (cost ?? 0) <= left;
}

/** Each round begins with another one, so that none is always the first. In the first round the foremost are. */
function inOrder(entrants: readonly Entrant[], round: number): Entrant[] {
  if (round === 1) {
    const isForemost = ({ name }: Entrant): boolean => FOREMOST.has(name);
    return [...entrants.filter(isForemost), ...entrants.filter((entrant) => !isForemost(entrant))];
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
