/** What the addon has on every system. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { native } from '#dist/native/binding';

/** The directory matters: '#dist' is resolved from the package that the script is in. */
const cwd = fileURLToPath(new URL('../../..', import.meta.url));

test('the id of this process', (t) => {
  t.is(native().processId(), process.pid);
});

test('exitNow ends the process at once, with the code', (t) => {
  const script = `
    import { native } from '#dist/native/binding';
    process.on('exit', () => console.log('a listener was called'));
    native().exitNow(Number(process.env.CODE));
    console.log('it came back');`;
  for (const code of [0, 7, 255]) {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd,
      env: { ...process.env, CODE: String(code) },
      encoding: 'utf8',
    });
    t.deepEqual({ status, signal, stdout, stderr }, { status: code, signal: null, stdout: '', stderr: '' });
  }
});

test('memory can be given back at any time', (t) => {
  t.notThrows(() => native().releaseFreeMemory());
});

test('a process that never was has no memory', (t) => {
  t.throws(() => native().processMemory(0x7fff_fff0), {
    code: 'ERR_ZYGOTE_SYSTEM',
    message: 'there is no process 2147483632: it has ended, or never was',
  });
});
