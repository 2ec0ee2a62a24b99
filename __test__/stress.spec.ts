/** A short run of `npm run stress`: every kind of work, raw and by Process, under a busy parent. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const main = fileURLToPath(new URL('stress/main.js', import.meta.url));

test('forks under load all end well, and leave nothing behind', (t) => {
  t.timeout(600_000);
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--forks', '80'], { encoding: 'utf8' });
  t.log(stdout.trim().split('\n').slice(-4).join('\n'));
  t.is(status, 0, stdout + stderr);
  t.regex(stdout, /^80 passed, 0 failed$/m);
  const [, zombies] = /at the end:.* (\d+) zombies/.exec(stdout) ?? [];
  t.is(zombies, '0');
});

test('a kind of work that fails is reported, with the seed', (t) => {
  const args = [main, '--forks', '2', '--idle', '--kinds', 'no-such-kind'];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.is(status, 1);
  t.regex(stdout, /0 passed, 2 failed/);
  t.regex(stdout, /seed \d+/);
});
