/**
 * `npm run stress:pool`: rounds of tasks of which some go wrong, in pools of all kinds. Each task comes to an end that it may come
 * to, nothing hangs, and nothing stays behind.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { forkserver, getAllStartMethods, isMainProcess, type Pool, type StartMethod } from 'zygote';
import { seeded } from '../random.js';
import { randomPool, round, type Tally } from './faults.js';

const HELP = `npm run stress:pool -- [options]

  --rounds N    how many (default 2000)
  --method M    fork, forkserver or spawn (default: all that there are, by turns)
  --seed N      repeat a run: the seed of every choice (default: the time)
  --help`;

/** After this time without the end of any task something hangs. */
const SILENCE = 60; // s
/** Of a pool. */
const ROUNDS = 10;

if (isMainProcess) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '2000' },
      method: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) console.log(HELP);
  else await main(Number(values.rounds), values.method as StartMethod | undefined, Number(values.seed));
}

async function main(rounds: number, method: StartMethod | undefined, seed: number): Promise<void> {
  console.log(`stress: ${rounds} rounds, seed ${seed}, Node ${process.version}`);
  const random = seeded(seed);
  const methods = method ? [method] : getAllStartMethods();
  const tally: Tally = { tasks: 0, ended: 0, pending: new Set(), ends: new Map() };
  let current: Pool | undefined;
  let number = 0;
  let seconds = 0;
  // Counted, so that a machine that was suspended meanwhile does not make it look like a long time.
  let ended = 0;
  const watchdog = setInterval(() => {
    if (ended !== tally.ended) seconds = 0;
    ended = tally.ended;
    if (++seconds < SILENCE) return;
    console.log(`hung: round ${number} of seed ${seed}, ${current?.method}: ${JSON.stringify(current?.stats())}`);
    console.log(`not ended: ${[...tally.pending].map(({ name }) => name).join(', ')}`);
    process.exit(1);
  }, 1000);
  const started = performance.now();
  let before: Holdings | undefined;
  try {
    for (; number < rounds; number++) {
      const place = number % ROUNDS;
      if (place === 0) {
        current = randomPool(random, methods[Math.floor(number / ROUNDS) % methods.length] as StartMethod);
        // When each method has been used.
        if (number === ROUNDS * methods.length) before = await holdings();
      }
      await round(current as Pool, random, place === ROUNDS - 1 || number === rounds - 1, tally);
      if (process.stderr.isTTY && number % 10 === 0) process.stderr.write(`\r${number}/${rounds} `);
    }
  } catch (error) {
    console.log(`round ${number} of seed ${seed}, ${current?.method}: ${String((error as Error).message)}`);
    process.exit(1);
  }
  clearInterval(watchdog);
  const after = await holdings();
  await forkserver.stop();
  const time = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${rounds} rounds, ${tally.tasks} tasks, ${time} s, seed ${seed}; what became of them:`);
  for (const [end, count] of [...tally.ends].toSorted(([, a], [, b]) => b - a)) console.log(`  ${end}: ${count}`);
  if (!before || !after) return;
  console.log(
    `descriptors: ${before.descriptors} before, ${after.descriptors} after; children: ${before.children}, ${after.children}`,
  );
  if (after.descriptors <= before.descriptors && after.children <= before.children) return;
  console.log('something was left behind');
  process.exitCode = 1;
}

interface Holdings {
  descriptors: number;
  children: number;
}

/** What this process has: descriptors, and children with the zombies among them. Undefined where the system does not tell. */
async function holdings(): Promise<Holdings | undefined> {
  if (!existsSync('/proc/self/fd')) return undefined;
  // Descriptors are closed in the next turns.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    children: children === '' ? 0 : children.split(' ').length,
  };
}
