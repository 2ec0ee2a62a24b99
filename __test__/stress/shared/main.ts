/**
 * `npm run stress:shared`: processes that share locks, queues and the like are killed by SIGKILL at random instants. After each
 * kill all others must go on; at the end nothing may be locked, lost or left behind.
 */
import { parseArgs } from 'node:util';
import { Process } from 'zygote';
import { holdings } from '../leaks.js';
import { pick, seeded } from '../random.js';
import { channels } from './channels.js';
import { locks } from './locks.js';
import type { MakeScene, Scene } from './scene.js';

const SCENES: Record<string, MakeScene> = { ...locks, ...channels };

const HELP = `npm run stress:shared -- [options]

  --rounds N    how many kills, over all scenes (default 2000)
  --workers N   processes at a time (default 3)
  --scenes a,b  only these of: ${Object.keys(SCENES).join(', ')}
  --seed N      repeat the choices of a run (default: the time)
  --help`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2000' },
    workers: { type: 'string', default: '3' },
    scenes: { type: 'string', default: '' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    help: { type: 'boolean', default: false },
  },
});

/** After this time without progress something hangs. */
const SILENCE = 120_000; // ms

/** Longest time between two kills. */
const LONGEST = 4; // ms

/** What is referred to a while longer: one or two objects. Each kill that left one would make more. */
const DESCRIPTORS = 4;

/** V8's heap grows by mappings; a scene that left some for each kill would have more. */
const MAPPINGS = 150;

let lastNews = Date.now();
let doing = '';

if (values.help) console.log(HELP);
else await main(Number(values.rounds), Number(values.workers), Number(values.seed));

async function main(rounds: number, workers: number, seed: number): Promise<void> {
  const names = values.scenes ? values.scenes.split(',') : Object.keys(SCENES);
  console.log(
    `stress: ${rounds} kills, ${workers} workers, scenes ${names.join(', ')}, seed ${seed}, Node ${process.version}`,
  );
  const random = seeded(seed);
  const watchdog = setInterval(() => {
    if (Date.now() - lastNews < SILENCE) return;
    console.log(`hung for ${SILENCE / 1000} s: ${doing}; seed ${seed}`);
    process.exit(1);
  }, 1000);
  let failed = 0;
  for (const [index, name] of names.entries()) {
    const share = Math.floor((rounds * (index + 1)) / names.length) - Math.floor((rounds * index) / names.length);
    const make = SCENES[name];
    if (!make) throw new Error(`there is no scene "${name}"`);
    // What is loaded and made once does not count.
    if (index === 0) await play(name, make(workers), workers, 1, random);
    const before = holdings();
    const from = performance.now();
    try {
      const scene = make(workers);
      await play(name, scene, workers, share, random);
      const seconds = ((performance.now() - from) / 1000).toFixed(1);
      console.log(`${name}: ${share} kills in ${seconds} s; ${scene.summary?.() ?? ''}`);
    } catch (error) {
      failed++;
      console.log(`${name} FAILED: ${error instanceof Error ? error.stack : String(error)}; ${doing}; seed ${seed}`);
    }
    const after = await settled(before);
    if (
      after.descriptors > before.descriptors + DESCRIPTORS ||
      after.mappings > before.mappings + MAPPINGS ||
      after.zombies > 0
    ) {
      failed++;
      console.log(`${name} FAILED: left behind: ${JSON.stringify({ before, after })}; seed ${seed}`);
    }
  }
  clearInterval(watchdog);
  console.log(failed === 0 ? `${rounds} kills, nobody hung, nothing was lost or left` : `${failed} scenes failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** What this process has when objects that nothing refers to are collected. */
async function settled(before: ReturnType<typeof holdings>): Promise<ReturnType<typeof holdings>> {
  let after = holdings();
  for (let attempt = 0; attempt < 50 && after.descriptors > before.descriptors; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    after = holdings();
  }
  return after;
}

async function play(name: string, scene: Scene, workers: number, rounds: number, random: () => number): Promise<void> {
  const start = async (worker: number) => {
    const process = new Process({ target: async () => scene.work(worker), name: `${name}-${worker}`, method: 'fork' });
    // That it was killed.
    process.result.catch(() => {});
    return process.start();
  };
  const news = (what: string) => {
    lastNews = Date.now();
    doing = what;
  };
  const numbers = Array.from({ length: workers }, (_, worker) => worker);
  const running = await Promise.all(numbers.map(start));
  /** Until each of these has come further. */
  const goOn = async (those: number[], what: string) => {
    const before = numbers.map((worker) => scene.progress(worker));
    for (const worker of those) {
      news(`${name}: worker ${worker} does not go on ${what}`);
      while (scene.progress(worker) <= (before[worker] ?? 0)) {
        if (!running[worker]?.isAlive) throw new Error(`worker ${worker} has ended ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  };
  try {
    await goOn(numbers, 'at the begin');
    for (let round = 0; round < rounds; round++) {
      const victim = pick(numbers, random);
      await pause(random() * LONGEST);
      const dying = running[victim];
      dying?.kill();
      await dying?.join();
      dying?.close();
      news(`${name}: after kill ${round} of worker ${victim}`);
      await scene.afterKill?.(victim);
      if (scene.goesOnWithout !== false)
        await goOn(
          numbers.filter((worker) => worker !== victim),
          `after kill ${round}`,
        );
      running[victim] = await start(victim);
      await scene.afterReplacement?.(victim);
      await goOn([victim], `in the place of one that was killed, round ${round}`);
    }
  } finally {
    for (const process of running) {
      process.kill();
      await process.join();
      process.close();
    }
  }
  news(`${name}: at the end`);
  await scene.finish();
}

/** To the microsecond: a timer alone would always kill at the same instants. */
async function pause(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  if (milliseconds > 1) await new Promise((resolve) => setTimeout(resolve, milliseconds - 1));
  while (performance.now() < end);
}
