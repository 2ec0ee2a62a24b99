/** A process with one pool in it, which tells how many tasks that do nothing it runs in a second. */
import { NOOP_POOLS, SINGLE_POOLS } from './pools.js';

export interface RateQuestion {
  /** Tasks that are never done with: as one ends the next one begins. */
  inFlight: number;
  /** How long to measure, in ms. */
  ms: number;
}

const name = process.argv[2] ?? '';
const make = NOOP_POOLS[name] ?? SINGLE_POOLS[name];
if (!make) throw new Error(`there is no pool "${name}"`);
const pool = await make();
await pool.run();

process.on('message', (question: RateQuestion) => void rate(question).then((answer) => process.send?.(answer)));
process.once('disconnect', () => void pool.end().then(() => process.exit()));
process.send?.('ready');

/** Tasks a second. */
async function rate({ inFlight, ms }: RateQuestion): Promise<number> {
  let done = 0;
  const from = performance.now();
  const lane = async () => {
    while (performance.now() - from < ms) {
      await pool.run();
      done++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (done * 1000) / (performance.now() - from);
}
