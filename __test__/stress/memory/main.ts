/**
 * `npm run stress:memory -- --rounds N --seed N`: processes that change numbers in shared memory with a lock, wait for each other
 * and are killed at random instants. After each round the lock is to be had, the numbers are as they can be, who waits is woken, and
 * nothing is left.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { activeChildren, forkserver, isMainProcess, Process, SharedArray, type StartMethod } from 'zygote';
import { seeded } from '../random.js';
import { FIRST, LENGTH, type Numbers, SECOND, STEPS, STOP, WORD, work } from './work.js';

/** No wait takes so long, on a machine that is not suspended. */
const HUNG = 60_000; // ms

interface Holdings {
  descriptors: number;
  mappings: number;
}

async function round(random: () => number): Promise<{ steps: number; killed: number }> {
  const numbers = new SharedArray(Int32Array, LENGTH, { waitable: true });
  const method: StartMethod = random() < 0.9 ? 'fork' : 'forkserver';
  const children = await Promise.all(
    Array.from({ length: 3 }, () =>
      new Process({ target: work, args: [numbers, Math.floor(random() * 2 ** 32)], method }).start(),
    ),
  );
  const victims = children.filter(() => random() < 0.5);
  for (const victim of victims) {
    victim.result.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, random() * 8));
    victim.kill();
  }
  const { array, memory } = numbers;
  // Those that live go on.
  const before = Atomics.load(array, STEPS);
  const living = children.filter((child) => !victims.includes(child));
  while (living.length > 0 && Atomics.load(array, STEPS) === before)
    await new Promise((resolve) => setImmediate(resolve));
  Atomics.store(array, STOP, 1);
  memory.notify(array, WORD);
  const steps = await Promise.all(living.map((child) => child.result));
  if (steps.some((count) => count < 0)) throw new Error('a change was lost, or not finished');
  await Promise.all(children.map((child) => child.join()));
  await check(numbers);
  numbers.close();
  return { steps: Atomics.load(array, STEPS), killed: victims.length };
}

/** What must hold when all others have ended. */
async function check(numbers: Numbers): Promise<void> {
  const { array, memory } = numbers;
  await numbers.withLock(({ [FIRST]: first = 0, [SECOND]: second = 0 }, { abandoned }) => {
    if (first === second || (abandoned && first === second + 1)) return;
    throw new Error(`the numbers are ${first} and ${second}${abandoned ? ', abandoned' : ''}`);
  });
  if (numbers.lock.locked) throw new Error('the lock is still held');
  const waiting = memory.wait(array, WORD, Atomics.load(array, WORD));
  // Some of the dead may have been waiting before.
  memory.notify(array, WORD, 1);
  if ((await waiting) !== 'ok') throw new Error('the wait ended otherwise');
  memory.notify(array, WORD);
  if (memory.notify(array, WORD) !== 0) throw new Error('somebody waits who is not there');
}

async function holdings(): Promise<Holdings> {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'utf8').match(/memfd:zygote/g)?.length ?? 0,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    },
  });
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
  const random = seeded(seed);
  const end = () => `seed ${seed}, Node ${process.version}`;
  let at = 0;
  let before = 0;
  const watchdog = setInterval(() => {
    if (at !== before) {
      before = at;
      return;
    }
    console.log(`round ${at} hangs: ${end()}`);
    for (const child of activeChildren()) child.kill();
    process.exit(1);
  }, HUNG);
  let [steps, killed] = [0, 0];
  const started = performance.now();
  let held: Holdings | undefined;
  for (at = 1; at <= rounds; at++) {
    const result = await round(random).catch((error: unknown) => {
      console.log(`round ${at}: ${String(error)}: ${end()}`);
      process.exit(1);
    });
    steps += result.steps;
    killed += result.killed;
    if (at === Math.min(10, rounds)) held = await holdings();
    if (at % 1000 === 0) console.log(`${at}/${rounds}`);
  }
  clearInterval(watchdog);
  await forkserver.stop();
  const left = await holdings();
  console.log(
    `${rounds} rounds, ${killed} processes killed, ${steps} steps, ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  console.log(
    `held after 10 rounds: ${JSON.stringify(held)}, at the end: ${JSON.stringify(left)}; ${activeChildren().length} children`,
  );
  console.log(end());
  const leaks = left.mappings > 0 || left.descriptors > (held?.descriptors ?? 0) || activeChildren().length > 0;
  process.exitCode = leaks ? 1 : 0;
}

if (isMainProcess) await main();
