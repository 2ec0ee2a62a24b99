/** `npm run stress:fork-map`: maps to which random faults happen. Not one hangs, and nothing stays behind. */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { rounds } from './rounds.js';

const HELP = `npm run stress:fork-map -- [options]

  --rounds N    how many maps (default 2000)
  --seed N      repeat a run: the seed of every choice (default: the time)
  --help`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    help: { type: 'boolean', default: false },
  },
});

/** After this time without any end of a map something hangs. */
const SILENCE = 120_000; // ms

if (values.help) console.log(HELP);
else await main(Number(values.rounds), Number(values.seed));

async function main(count: number, seed: number): Promise<void> {
  console.log(`stress: ${count} maps with faults, seed ${seed}, Node ${process.version}`);
  let last = Date.now();
  let done = 0;
  const watchdog = setInterval(() => {
    if (Date.now() - last < SILENCE) return;
    console.log(`hung: no map has ended for ${SILENCE / 1000} s; round ${done} of seed ${seed}`);
    process.exit(1);
  }, 1000);
  await rounds(5, seed);
  const before = readdirSync('/proc/self/fd').length;
  const from = performance.now();
  const { fulfilled, rejected } = await rounds(count, seed, () => {
    last = Date.now();
    done++;
    if (process.stderr.isTTY && done % 20 === 0) process.stderr.write(`\r${done}/${count} `);
  });
  clearInterval(watchdog);
  if (process.stderr.isTTY) process.stderr.write('\r');
  const after = readdirSync('/proc/self/fd').length;
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  console.log(`${fulfilled} gave their results, ${rejected} rejected with what was done to them; ${seconds} s`);
  console.log(`before: ${before} descriptors; after: ${after}`);
  if (after > before) process.exitCode = 1;
}
