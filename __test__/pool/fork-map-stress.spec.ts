// The short version of `npm run stress:fork-map`.
import { randomInt } from 'node:crypto';
import test from 'ava';
import { rounds } from '../stress/fork-map/rounds.js';

/** To repeat what has failed, set it to the number that was printed. */
const seed = Number(process.env['ZYGOTE_TEST_SEED'] ?? randomInt(1_000_000));

test('40 maps with random faults give their results, or reject with what was done to them', async (t) => {
  t.log(`ZYGOTE_TEST_SEED=${seed}`);
  const { fulfilled, rejected } = await rounds(40, seed);
  t.is(fulfilled + rejected, 40);
});
