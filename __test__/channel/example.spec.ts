import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

test('the example of docs/channels.md prints what it says', (t) => {
  const example = fileURLToPath(new URL('../../../docs/examples/channels/pipe.mjs', import.meta.url));
  t.is(execFileSync(process.execPath, [example], { encoding: 'utf8' }), '42\n');
});
