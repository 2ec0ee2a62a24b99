import test from 'ava';
import { explain } from '#dist/native/explain';
import { nativeTarget } from '#dist/native/target';
import { VERSION } from '#dist/version';

// It would be what there is to say something about.
delete process.env['ZYGOTE_NATIVE_PATH'];

const target = nativeTarget();
const command = `npm install zygote-${target}@${VERSION}`;

const withCode = (code: string, message: string) => Object.assign(new Error(message), { code });
const missing = {
  tried: `zygote-${target}`,
  reason: withCode('MODULE_NOT_FOUND', 'Cannot find module\nRequire stack: …'),
};

test('each that was tried is named, with its reason in one line', (t) => {
  const text = explain(target, [missing, { tried: '/a/b.node', reason: 'no error at all' }]);
  t.true(text.includes(`\n  zygote-${target}: Cannot find module\n  /a/b.node: no error at all\n`), text);
});

test('a package that is missing: how it gets lost, and the command that installs it', (t) => {
  const text = explain(target, [missing]);
  t.regex(text, /--omit=optional/);
  t.true(text.includes(command), text);
});

test('a system for which there is none: those for which there is one', (t) => {
  const text = explain('sunos-x64', [{ ...missing, tried: 'zygote-sunos-x64' }]);
  t.regex(text, /There is no prebuilt addon for sunos-x64\. There is one for linux-x64-gnu, .*win32-arm64-msvc\./);
  t.false(text.includes('npm install zygote-'), text);
});

test('addons that are switched off: how to allow them', (t) => {
  const reason = withCode('ERR_DLOPEN_DISABLED', 'Cannot load native addon because loading addons is disabled.');
  t.regex(explain(target, [missing, { tried: 'x', reason }]), /--no-addons.*--allow-addons/);
});

test('another version: the command that installs the right one', (t) => {
  const reason = withCode('OTHER_VERSION', `it is version 0.0.1, and this package is ${VERSION}`);
  const text = explain(target, [missing, { tried: 'x', reason }]);
  t.regex(text, /install the version that belongs to this package/);
  t.true(text.includes(command), text);
});

test('a C library that is too old: what the published addon needs', (t) => {
  const reason = withCode('ERR_DLOPEN_FAILED', "/lib/libc.so.6: version `GLIBC_2.34' not found (required by x.node)");
  const text = explain(target, [missing, { tried: 'x', reason }]);
  t.regex(text, /needs glibc 2\.17 only/);
  t.true(text.includes(command), text);
});
