import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { native } from '#dist/native/binding';
import { libc, nativeTarget } from '#dist/native/target';

const require = createRequire(import.meta.url);
const { version } = require('zygote/package.json') as { version: string };
const built = fileURLToPath(new URL(`../../../dist/native/zygote.${nativeTarget()}.node`, import.meta.url));

test('the C library is known by the loader that the program names', (t) => {
  // Or else it looks up the names of all peers. The types of Node 20 do not know it.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const expected = header.glibcVersionRuntime ? 'glibc' : 'musl';
  t.is(libc(), process.platform === 'linux' ? expected : '');
});

/** What a fresh process gets from `native()`, with this ZYGOTE_NATIVE_PATH. */
function loadWith(path: string): { version?: string; code?: string; message?: string } {
  const script = `
    import { native } from '#dist/native/binding';
    try { console.log(JSON.stringify({ version: native().version() })); }
    catch ({ code, message }) { console.log(JSON.stringify({ code, message })); }`;
  const args = ['--input-type=module', '--eval', script];
  const env = { ...process.env, ZYGOTE_NATIVE_PATH: path };
  // The directory matters: '#dist' is resolved from the package that the script is in.
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, args, { env, cwd, encoding: 'utf8' })) as ReturnType<
    typeof loadWith
  >;
}

test('the addon loads, once, and has the version of the package', (t) => {
  t.is(native().version(), version);
  t.is(native(), native());
});

test('ZYGOTE_NATIVE_PATH is taken first', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zygote-load-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const copy = join(folder, 'copy.node');
  copyFileSync(built, copy);
  t.deepEqual(loadWith(copy), { version });
});

test('where nothing loads, one error says what was tried and what to do', (t) => {
  const { code, message = '' } = loadWith('/nowhere/missing.node');
  t.is(code, 'ERR_ZYGOTE_NATIVE_MISSING');
  t.true(message.includes(`${resolve('/nowhere/missing.node')}: Cannot find module`), message);
  t.true(message.includes(`npm install zygote-${nativeTarget()}@${version}`), message);
  t.regex(message, /npm run build:native/);
});

test('the package can be required from CommonJS', (t) => {
  t.is(typeof (require('zygote') as Record<string, unknown>)['ZygoteError'], 'function');
});
