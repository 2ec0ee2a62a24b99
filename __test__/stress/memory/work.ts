/** What the processes of the memory's stress run do to what they share, until they are told to stop or are killed. */
import type { SharedArray } from 'zygote';
import { pick, seeded } from '../random.js';

export type Numbers = SharedArray<Int32ArrayConstructor>;

/** Elements. */
export const STOP = 0;
/** Changed one after the other, with the lock: they differ by one at most, if somebody was killed in between. */
export const FIRST = 1;
export const SECOND = 2;
/** Waited for. */
export const WORD = 3;
export const STEPS = 4;
export const LENGTH = 5;

const yielding = () => new Promise((resolve) => setImmediate(resolve));

const kinds = {
  /** True if what was found is not what can be. */
  async change(numbers: Numbers): Promise<boolean> {
    return numbers.withLock(async (array, { abandoned }) => {
      const [first = 0, second = 0] = array.subarray(FIRST, SECOND + 1);
      if (abandoned) array[SECOND] = first;
      else if (first !== second) return true;
      array[FIRST] = first + 1;
      await yielding();
      array[SECOND] = first + 1;
      return false;
    });
  },
  async wait({ memory, array }: Numbers): Promise<boolean> {
    await memory.wait(array, WORD, Atomics.load(array, WORD), { timeout: 5 });
    return false;
  },
  async block({ memory, array }: Numbers): Promise<boolean> {
    memory.waitSync(array, WORD, Atomics.load(array, WORD), { timeout: 2 });
    return false;
  },
  async notify({ memory, array }: Numbers): Promise<boolean> {
    Atomics.add(array, WORD, 1);
    memory.notify(array, WORD, 1);
    return false;
  },
};

/** How many steps it has made; negative if one has found what cannot be. */
export async function work(numbers: Numbers, seed: number): Promise<number> {
  const random = seeded(seed);
  const { array } = numbers;
  let steps = 0;
  while (Atomics.load(array, STOP) === 0) {
    const step = pick(Object.values(kinds), random);
    if (await step(numbers)) return -1;
    steps++;
    Atomics.add(array, STEPS, 1);
  }
  return steps;
}
