/** A short run of `npm run stress:pool`. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const main = fileURLToPath(new URL('../stress/pool/main.js', import.meta.url));

/** To repeat what has failed, set it to the number that was printed. */
const seed = process.env['ZYGOTE_TEST_SEED'] ?? String(randomInt(1_000_000));

test('whatever goes wrong at random, each task comes to an end, and nothing stays behind', (t) => {
  t.timeout(600_000);
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--rounds', '30', '--seed', seed], {
    encoding: 'utf8',
  });
  t.log(stdout.trim());
  t.is(status, 0, stdout + stderr);
  t.regex(stdout, /^30 rounds, \d+ tasks/m);
});
