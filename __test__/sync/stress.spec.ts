/** A short run of `npm run stress:shared`. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const main = fileURLToPath(new URL('../stress/shared/main.js', import.meta.url));

test('processes that share locks are killed at random instants: nobody hangs, nothing is lost or left', (t) => {
  t.timeout(600_000);
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--rounds', '50'], { encoding: 'utf8' });
  t.log(stdout.trim());
  t.is(status, 0, stdout + stderr);
  t.regex(stdout, /^50 kills, nobody hung, nothing was lost or left$/m);
});
