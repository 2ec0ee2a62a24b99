import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { getAllStartMethods } from 'zygote';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

function doctor(...args: string[]) {
  return spawnSync(process.execPath, [main, 'doctor', ...args], { encoding: 'utf8' });
}

test('it tries every start method of the system, and says what it is running on', (t) => {
  const { stdout, stderr, status } = doctor('--json');
  t.is(status, 0, stdout + stderr);
  const { system, methods, strategies } = JSON.parse(stdout) as Record<string, Record<string, { status: string }>>;
  t.deepEqual(Object.keys(methods ?? {}), ['fork', 'forkserver', 'spawn']);
  for (const [method, finding] of Object.entries(methods ?? {})) {
    const isHere = (getAllStartMethods() as string[]).includes(method);
    t.is(finding.status, isHere ? 'works' : 'unavailable', method);
  }
  t.deepEqual(Object.keys(strategies ?? {}), ['all-threads', 'single-threaded']);
  t.regex(String(system?.['node']), new RegExp(process.version));
});

test('its text names what can be used, and why something cannot', (t) => {
  const { stdout, status } = doctor();
  t.is(status, 0, stdout);
  t.regex(stdout, /^node +v\d+/m);
  t.regex(stdout, new RegExp(`^Start methods that can be used here: .*${getAllStartMethods().at(-1)}`, 'm'));
  if (process.platform === 'win32') t.regex(stdout, /^ {2}fork +not here: Windows has no fork/m);
  else t.regex(stdout, /^ {2}fork +works: start to result \d/m);
});

test('what is not understood is exit code 2', (t) => {
  const { stderr, status } = doctor('--jason');
  t.is(status, 2);
  t.regex(stderr, /See: zygote doctor --help\n$/);
});

test('a method that fails is an exit code of 1, with the reason', (t) => {
  const env = { ...process.env, ZYGOTE_FORK_STRATEGY: 'no-such-strategy' };
  const { stdout, status } = spawnSync(process.execPath, [main, 'doctor'], { encoding: 'utf8', env });
  if (process.platform === 'win32') {
    t.pass();
    return;
  }
  t.is(status, 1);
  t.regex(stdout, /^ {2}fork +FAILS: ZYGOTE_FORK_STRATEGY is "no-such-strategy"/m);
});
