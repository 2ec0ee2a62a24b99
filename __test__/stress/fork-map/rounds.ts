/** Maps to which random faults happen: each gives what it should give, or rejects with what was done to it. */
import { activeChildren, forkMap, TransferError, WorkerCrashedError } from 'zygote';
import { native } from '#dist/native/binding';
import { pick, seeded } from '../random.js';

const FAULTS = ['none', 'killed', 'exits', 'always exits', 'throws', 'cannot travel', 'aborted'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Counts {
  fulfilled: number;
  rejected: number;
}

/** Runs so many maps one after the other; `onRound` hears of each. Throws at the first that is not as it should be. */
export async function rounds(count: number, seed: number, onRound: () => void = () => {}): Promise<Counts> {
  const counts = { fulfilled: 0, rejected: 0 };
  for (let round = 0; round < count; round++) {
    const random = seeded(seed + round);
    const fault = pick(FAULTS, random);
    try {
      counts[await one(fault, random)]++;
    } catch (error) {
      throw new Error(`round ${round} of seed ${seed}, a map that is ${fault}`, { cause: error });
    }
    onRound();
  }
  return counts;
}

async function one(fault: Fault, random: () => number): Promise<keyof Counts> {
  const upTo = (most: number) => Math.floor(random() * most);
  const total = 1 + upTo(400);
  const victim = upTo(total);
  const [isAsync, isInto, isFixed] = [random() < 0.3, random() < 0.4, random() < 0.3];
  const attempts = new Int32Array(native().sharedPages(4 * total));
  const controller = new AbortController();
  const fn = (item: number, index: number): unknown => {
    const attempt = Atomics.add(attempts, index, 1);
    for (let spin = 0; spin < 2000; spin++) Math.sqrt(spin);
    if (index === victim) {
      if (fault === 'always exits' || (fault === 'exits' && attempt < 2)) process.exit(5);
      if (fault === 'throws') throw new RangeError('as told');
      if (fault === 'cannot travel') return () => item;
    }
    return isAsync && index % 3 === 0 ? Promise.resolve(item * 2) : item * 2;
  };
  const map = forkMap(
    Array.from({ length: total }, (_, index) => index),
    fn as (item: number) => number,
    {
      processes: 1 + upTo(4),
      retries: fault === 'killed' ? 50 : 2,
      signal: controller.signal,
      ...(isInto && { into: Float64Array }),
      ...(isFixed && { chunkSize: 1 + upTo(100) }),
    } as object,
  ) as Promise<ArrayLike<number>>;
  let isOver = false;
  const meanwhile = interfere(fault, random, controller, () => isOver);
  const outcome = await map.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  isOver = true;
  await meanwhile;
  const left = activeChildren().filter(({ name }) => name.startsWith('forkMap'));
  if (left.length > 0) throw new Error(`${left.length} workers are left`);
  if ('value' in outcome) {
    if (!['none', 'killed', 'exits', 'aborted'].includes(fault)) throw new Error('it should have failed');
    if (outcome.value.length !== total) throw new Error(`it gave ${outcome.value.length} of ${total} results`);
    for (let index = 0; index < total; index++) {
      if (outcome.value[index] !== index * 2) throw new Error(`result ${index} is ${outcome.value[index]}`);
    }
    return 'fulfilled';
  }
  if (!isExpected(outcome.error, fault, victim, isInto)) throw outcome.error;
  return 'rejected';
}

/** Does from outside what is to be done to a map, at random moments. */
async function interfere(
  fault: Fault,
  random: () => number,
  controller: AbortController,
  isOver: () => boolean,
): Promise<void> {
  let kills = Math.floor(random() * 4);
  for (let turn = Math.floor(random() * 20); !isOver(); turn--) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (turn > 0) continue;
    if (fault === 'aborted') controller.abort();
    if (fault !== 'killed' || kills === 0) return;
    const workers = activeChildren().filter(({ name, pid }) => name.startsWith('forkMap') && pid !== undefined);
    const worker = workers[Math.floor(random() * workers.length)];
    if (!worker) continue;
    worker.kill('SIGKILL');
    kills--;
    turn = Math.floor(random() * 10);
  }
}

function isExpected(error: unknown, fault: Fault, victim: number, isInto: boolean): boolean {
  if (fault === 'aborted') return (error as Error).name === 'AbortError';
  if (fault === 'always exits')
    return error instanceof WorkerCrashedError && error.task === victim && error.exitCode === 5;
  if (fault === 'throws') return error instanceof RangeError && (error as { index?: number }).index === victim;
  if (fault !== 'cannot travel') return false;
  if (isInto) return error instanceof TypeError && (error as { index?: number }).index === victim;
  return error instanceof TransferError && error.path === `$[${victim}]`;
}
