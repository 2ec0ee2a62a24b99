import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { loadFile, loadModule } from '#dist/measure/payloads/own';

const fixtures = fileURLToPath(new URL('fixtures/own.js', import.meta.url));
let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zygote-own-'));
});
test.after.always(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('a JSON file', async (t) => {
  const path = await file('rows.json', '[{"a": 1}, {"a": 2}]');
  t.deepEqual(await loadFile(path), { title: 'rows.json: an array of 2', data: [{ a: 1 }, { a: 2 }] });
});

test('a file that is not there', async (t) => {
  const path = join(folder, 'missing.json');
  await t.throwsAsync(loadFile(path), {
    code: 'ERR_ZYGOTE_MEASURE_DATA',
    message: /cannot read .*missing\.json: ENOENT/,
  });
});

test('a file that is not JSON', async (t) => {
  const path = await file('bad.json', '{ "a": 1, }');
  await t.throwsAsync(loadFile(path), {
    code: 'ERR_ZYGOTE_MEASURE_DATA',
    message: /bad\.json is not JSON: .*For other data write a module/,
  });
});

const exported: [string, string, unknown][] = [
  ['default', 'an array of 3', [1, 2, 3]],
  ['value', 'an object of 1 properties', { a: 1 }],
  ['load', 'a Map of 1', new Map([['k', 1]])],
  ['loadLater', 'Buffer of 4 bytes', Buffer.from('data')],
];
for (const [name, description, data] of exported) {
  test(`an export that is a value, a function or an async function: ${name}`, async (t) => {
    t.deepEqual(await loadModule(fixtures, name), { title: `own.js#${name}: ${description}`, data });
  });
}

test('a module that has no such export', async (t) => {
  await t.throwsAsync(loadModule(fixtures, 'laod'), {
    code: 'ERR_ZYGOTE_MEASURE_DATA',
    message: /no export 'laod': it exports .*load, .*Name one: .*own\.js#name/,
  });
});

test('a module that cannot be loaded', async (t) => {
  const missing = join(folder, 'missing.mjs');
  await t.throwsAsync(loadModule(missing, 'default'), {
    code: 'ERR_ZYGOTE_MEASURE_DATA',
    message: /cannot load the module/,
  });
  const wrong = await file('wrong.mjs', 'export default (');
  await t.throwsAsync(loadModule(wrong, 'default'), { message: new RegExp(`cannot load .*${basename(wrong)}`) });
});

test('a function that throws, and one that gives nothing', async (t) => {
  await t.throwsAsync(loadModule(fixtures, 'fails'), { message: /own\.js#fails\(\) failed: no database/ });
  await t.throwsAsync(loadModule(fixtures, 'forgets'), { message: /own\.js#forgets gives undefined/ });
});

test('CommonJS: the default export is module.exports', async (t) => {
  const path = await file('old.cjs', 'module.exports = [1, 2];');
  t.deepEqual((await loadModule(path, 'default')).data, [1, 2]);
});
