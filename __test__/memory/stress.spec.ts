/** A short run of `npm run stress:memory`. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { getAllStartMethods } from 'zygote';

const main = fileURLToPath(new URL('../stress/memory/main.js', import.meta.url));
const hasFork = getAllStartMethods().includes('fork');

(hasFork ? test : test.skip)(
  'processes killed while they use shared memory leave it as it can be, and nothing else',
  (t) => {
    t.timeout(600_000);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', main, '--rounds', '25'], {
      encoding: 'utf8',
    });
    t.log(stdout.trim());
    t.is(status, 0, stdout + stderr);
  },
);
