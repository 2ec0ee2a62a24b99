/** One round: tasks of which some go wrong in ways that chance chooses, and whether each comes to an end that it may come to. */
import { availableParallelism } from 'node:os';
import { Pool, type StartMethod, ZygoteError } from 'zygote';
import {
  dieWriting,
  echo,
  fail,
  later,
  never,
  spin,
  square,
  strike,
  throwStubborn,
  Trap,
  trap,
  big,
} from '../../pool/fixtures/tasks.js';

export type Random = () => number;

/** What went wrong in a way that it should not have. */
export class Wrong extends Error {}

export interface Tally {
  tasks: number;
  ended: number;
  /** Names of those that have not ended. */
  pending: Set<{ name: string }>;
  /** By what became of them. */
  ends: Map<string, number>;
}

/** A pool for some rounds. */
export function randomPool(random: Random, method: StartMethod): Pool {
  const chance = (probability: number): boolean => random() < probability;
  return new Pool({
    method,
    processes: 1 + Math.floor(random() * Math.min(3, availableParallelism() + 1)),
    ...(chance(0.3) && { retries: Math.floor(random() * 3) }),
    ...(chance(0.3) && { maxTasksPerChild: 1 + Math.floor(random() * 20) }),
    ...(chance(0.2) && { idleTimeout: 1 + Math.floor(random() * 50) }),
    ...(chance(0.2) && { minWorkers: 1 }),
  });
}

/** What a task may come to: its value, or an error with one of these codes or names. */
interface Case {
  name: string;
  run(pool: Pool): Promise<unknown>;
  value?: unknown;
  errors: string[];
}

const CRASHED = 'ERR_ZYGOTE_WORKER_CRASHED';
const TRANSFER = 'ERR_ZYGOTE_TRANSFER';

/** Tasks that are not at fault. */
function innocent(random: Random): Case {
  const n = Math.floor(random() * 1000);
  const kinds: Case[] = [
    { name: 'square', run: (pool) => pool.run(square, n), value: n * n, errors: [] },
    { name: 'later', run: (pool) => pool.run(later, n, random() * 3), value: n, errors: [] },
    { name: 'echo', run: async (pool) => (await pool.run(echo, { n }))[0]?.n, value: n, errors: [] },
    { name: 'big', run: async (pool) => (await pool.run(big, 1000 * n)).length, value: 1000 * n, errors: [] },
    {
      name: 'map',
      run: async (pool) => (await pool.map(square, [n, n, n, n, n])).join(),
      value: Array(5)
        .fill(n * n)
        .join(),
      errors: [],
    },
    {
      name: 'imap',
      run: async (pool) => {
        let sum = 0;
        for await (const value of pool.imapUnordered(square, [1, 2, 3, n])) sum += value;
        return sum;
      },
      value: 14 + n * n,
      errors: [],
    },
    {
      name: 'closure',
      run: (pool) => (pool.method === 'fork' && random() < 0.2 ? pool.run(() => n) : pool.run(later, n, 0)),
      value: n,
      errors: [],
    },
  ];
  return kinds[Math.floor(random() * kinds.length)] as Case;
}

/** Tasks that go wrong. */
function guilty(random: Random): Case {
  const kind = (['error', 'exit', 'crash'] as const)[Math.floor(random() * 3)] ?? 'error';
  const signal = (): AbortSignal => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new RangeError('enough')), random() * 20);
    return controller.signal;
  };
  const ended = kind === 'error' ? TRANSFER : CRASHED;
  const kinds: Case[] = [
    { name: 'strike', run: (pool) => pool.run(strike, kind), errors: [kind === 'error' ? 'RangeError' : CRASHED] },
    { name: 'fail', run: (pool) => pool.run(fail, 'no'), errors: ['RangeError'] },
    { name: 'unpickle', run: (pool) => pool.run(echo, new Trap('rebuild in worker', kind)), errors: [ended] },
    { name: 'pickle', run: (pool) => pool.run(trap, 'reduce in worker', kind), errors: [ended] },
    { name: 'send', run: (pool) => pool.run(echo, new Trap('reduce in pool', 'error')), errors: [TRANSFER] },
    { name: 'receive', run: (pool) => pool.run(trap, 'rebuild in pool', 'error'), errors: [TRANSFER] },
    { name: 'stubborn', run: (pool) => pool.run(throwStubborn), errors: [TRANSFER] },
    { name: 'writing', run: (pool) => pool.run(dieWriting), errors: [CRASHED] },
    { name: 'never', run: (pool) => pool.run(never), errors: ['Error'] },
    { name: 'abort', run: (pool) => pool.apply(spin, [], { signal: signal() }), errors: ['RangeError'] },
    {
      name: 'abort anything',
      run: (pool) => pool.apply(square, [2], { signal: signal() }),
      value: 4,
      errors: ['RangeError'],
    },
    {
      name: 'timeout',
      run: (pool) => pool.apply(spin, [], { taskTimeout: 1 + random() * 20 }),
      errors: ['ERR_ZYGOTE_TIMEOUT'],
    },
    {
      name: 'map',
      run: (pool) => pool.map(strike, [kind, kind], { signal: signal() }),
      errors: ['RangeError', CRASHED],
    },
    {
      name: 'callback',
      run: (pool) => pool.map(square, [1, 2], { onProgress: () => fail('callback') }),
      errors: ['RangeError'],
    },
  ];
  return kinds[Math.floor(random() * kinds.length)] as Case;
}

/** @param last the pool is not used again: it may be terminated in the middle. */
export async function round(pool: Pool, random: Random, last: boolean, tally: Tally): Promise<void> {
  const cases = Array.from({ length: 1 + Math.floor(random() * 30) }, () =>
    random() < 0.15 ? guilty(random) : innocent(random),
  );
  const kills = random() < 0.2;
  const terminates = last && random() < 0.3;
  const ends = Promise.all(cases.map((one) => check(pool, one, kills, terminates, tally)));
  if (kills) {
    await new Promise((resolve) => setTimeout(resolve, random() * 10));
    const { pids } = pool.stats();
    const victim = pids[Math.floor(random() * pids.length)];
    kill(victim, random() < 0.5 ? 'SIGKILL' : 'SIGSEGV');
  }
  if (terminates) {
    await new Promise((resolve) => setTimeout(resolve, random() * 10));
    pool.terminate();
  } else if (last) {
    pool.close();
  }
  await ends;
  if (last) await pool.join();
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended by now.
  }
}

async function check(pool: Pool, one: Case, kills: boolean, terminates: boolean, tally: Tally): Promise<void> {
  tally.tasks++;
  tally.pending.add(one);
  const allowed = [...one.errors];
  // Whatever was in the worker that was killed.
  if (kills) allowed.push(CRASHED);
  if (terminates) allowed.push('ERR_ZYGOTE_POOL_TERMINATED', 'ERR_ZYGOTE_POOL_CLOSED');
  let end = 'value';
  try {
    const value = await one.run(pool);
    if (!('value' in one) || value !== one.value) throw new Wrong(`${one.name} gave ${String(value)}`);
  } catch (error) {
    if (error instanceof Wrong) throw error;
    end = error instanceof ZygoteError ? error.code : (error as Error).name;
    if (!allowed.includes(end)) throw new Wrong(`${one.name} was rejected: ${String((error as Error).stack)}`);
  }
  tally.pending.delete(one);
  tally.ended++;
  tally.ends.set(end, (tally.ends.get(end) ?? 0) + 1);
}
