/**
 * `npm run stress:forkserver`: many processes of a forkserver, several at a time, while the server is killed now and then. Each
 * start either succeeds, with the right result, or says that the server is lost; nothing hangs, and nothing stays behind.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { forkserver, Process, ZygoteError } from 'zygote';
import { seeded } from '../random.js';
import { echo } from './target.js';

const HELP = `npm run stress:forkserver -- [options]

  --starts N    how many (default 5000)
  --at-once N   at a time (default 20)
  --kills N     how often the server is killed meanwhile (default 20)
  --seed N      repeat a run: the seed of every choice (default: the time)
  --help`;

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '5000' },
    'at-once': { type: 'string', default: '20' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    help: { type: 'boolean', default: false },
  },
});

/** After this time without any end of a start something hangs. */
const SILENCE = 120_000; // ms

/** Without threads its children are the server's own: should it be killed, nobody knows how they end. */
const EXIT_CODES = process.env['ZYGOTE_FORK_STRATEGY'] === 'single-threaded' ? [0, 255] : [0];

const counts = { succeeded: 0, lost: 0, failed: 0 };
let lastEnd = Date.now();

if (values.help) console.log(HELP);
else await main(Number(values.starts), Number(values['at-once']), Number(values.kills), Number(values.seed));

async function main(starts: number, atOnce: number, kills: number, seed: number): Promise<void> {
  console.log(`stress: ${starts} starts, ${atOnce} at a time, ${kills} kills, seed ${seed}, Node ${process.version}`);
  const random = seeded(seed);
  const killAt = new Set<number>();
  while (killAt.size < kills) killAt.add(Math.floor(random() * starts));
  const watchdog = setInterval(() => {
    if (Date.now() - lastEnd < SILENCE) return;
    console.log(`hung: no start has ended for ${SILENCE / 1000} s; seed ${seed}`);
    process.exit(1);
  }, 1000);
  await forkserver.start();
  await Promise.all(Array.from({ length: atOnce }, () => one(-1)));
  const before = holdings();
  const from = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < starts) {
      const number = next++;
      if (killAt.has(number)) kill(forkserver.pid);
      await one(number);
      if (process.stderr.isTTY && number % 50 === 0) process.stderr.write(`\r${number}/${starts} `);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - from) / 1000;
  clearInterval(watchdog);
  await forkserver.start();
  const after = holdings();
  await forkserver.stop();
  if (process.stderr.isTTY) process.stderr.write('\r');
  const { succeeded, lost, failed } = counts;
  console.log(
    `${succeeded - atOnce} succeeded, ${lost} rejected as the server was lost, ${failed} failed; ${seconds.toFixed(1)} s`,
  );
  console.log(
    `before: ${before.descriptors} descriptors, ${before.children} children; after: ${after.descriptors}, ${after.children}`,
  );
  const clean = after.descriptors <= before.descriptors && after.children <= before.children;
  if (!clean) console.log('something was left behind');
  process.exitCode = failed === 0 && clean && (kills > 0 || lost === 0) ? 0 : 1;
}

async function one(number: number): Promise<void> {
  const child = new Process({ target: echo, args: [number], method: 'forkserver' });
  try {
    await child.start();
    const result = await child.result;
    const status = await child.join();
    if (result !== number || !EXIT_CODES.includes(status?.exitCode ?? -1))
      throw new Error(`got ${result} and ${JSON.stringify(status)}`);
    counts.succeeded++;
  } catch (error) {
    if (error instanceof ZygoteError && error.code === 'ERR_ZYGOTE_FORKSERVER_LOST') {
      counts.lost++;
    } else {
      counts.failed++;
      console.log(`start ${number} failed: ${String(error)}`);
    }
  } finally {
    lastEnd = Date.now();
    child.close();
  }
}

function kill(pid: number | undefined): void {
  // Between two servers there is none.
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** What this process has: descriptors, and children with the zombies among them. */
function holdings(): { descriptors: number; children: number } {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    children: children === '' ? 0 : children.split(' ').length,
  };
}
