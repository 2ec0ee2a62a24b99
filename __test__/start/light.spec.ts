import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Process } from 'zygote';
import { isSimple, readSimple, writeSimple } from '#dist/process/simple';
import { heavyModules } from './fixtures/heavy.js';

/** What an empty process has loaded: it depends on the version of Node. */
function always(): string {
  const path = fileURLToPath(new URL('fixtures/heavy.js', import.meta.url));
  return execFileSync(process.execPath, [path, 'print'], { encoding: 'utf8' });
}

// On Windows it reads its channel by the event loop, as a socket.
const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('a spawned child runs an exported function without loading what takes long', async (t) => {
  const child = await new Process({ target: heavyModules, method: 'spawn' }).start();
  t.is(await child.result, always());
  await child.join();
});

test('simple values are those that JSON gives again as they were', (t) => {
  const simple = ['', 'text', '\u{1F600}', '\uD800', 0, 1.5, -1e300, Number.MAX_SAFE_INTEGER, true, false, null];
  for (const value of simple) t.true(isSimple(value), String(value));
  t.deepEqual(readSimple(writeSimple(simple as string[]).segments), simple);
  const others = [undefined, NaN, Infinity, -0, 1n, Symbol('x'), {}, [], new String('x'), () => {}, 'x'.repeat(1001)];
  for (const value of others) t.false(isSimple(value), String(value));
});
