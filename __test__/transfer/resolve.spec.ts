import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { TransferError } from 'zygote';
import { pickle, unpickle } from '#dist/transfer/pickle';
import { define, reference, resolveReference } from '#dist/transfer/reference';
import { ESM, run } from './helpers/files.js';
import { delivered } from './helpers/passes.js';
import { api, double, Point } from './helpers/things.js';
import { writeFiles } from '../helpers/files.js';

const THINGS = new URL('helpers/things.js', import.meta.url).href;

test('what a module exports is found, and found again', (t) => {
  for (const [thing, path] of [
    [double, 'double'],
    [Point, 'Point'],
    [Point.origin, 'Point.origin'],
    [api.users.create, 'api.users.create'],
  ] as const) {
    t.deepEqual(reference(thing), { module: THINGS, export: path });
    t.is(resolveReference(reference(thing)), thing);
  }
});

test('a reference can be changed without changing the next one', (t) => {
  reference(double).export = 'other';
  t.is(reference(double).export, 'double');
});

for (const [thing, module, path] of [
  [Math.max, 'global:', 'Math.max'],
  [parseFloat, 'global:', 'parseFloat'],
  [Array.from, 'global:', 'Array.from'],
  [Map, 'global:', 'Map'],
  [URL, 'global:', 'URL'],
  [structuredClone, 'global:', 'structuredClone'],
  [readFileSync, 'node:fs', 'readFileSync'],
  [join, 'node:path', 'join'],
] as const) {
  test(`${module} ${path}`, (t) => {
    t.deepEqual(reference(thing), { module, export: path });
    t.is(resolveReference({ module, export: path }), thing);
  });
}

test('a function of the package ava', async (t) => {
  t.is(await resolveReference(reference(test.skip)), test.skip);
});

test('a module is imported once, and then what it exports is there at once', async (t) => {
  const folder = writeFiles(t, { 'lib.mjs': 'export const f = () => 1; export const api = { g: () => 2 };' });
  const module = pathToFileURL(join(folder, 'lib.mjs')).href;
  const first = resolveReference({ module, export: 'f' });
  t.true(first instanceof Promise);
  const f = (await first) as () => number;
  t.is(f(), 1);
  t.is(resolveReference({ module, export: 'f' }), f);
  t.is((resolveReference({ module, export: 'api.g' }) as () => number)(), 2);
});

test('a CommonJS module, with exports that cannot be seen in its source', async (t) => {
  const folder = writeFiles(t, {
    'lib.cjs':
      "for (const name of ['a', 'b']) module.exports[name] = () => name;\nmodule.exports.default = () => 'default';",
  });
  const module = pathToFileURL(join(folder, 'lib.cjs')).href;
  const named = async (path: string) => ((await resolveReference({ module, export: path })) as () => string)();
  t.is(await named('b'), 'b');
  t.is(await named('default.default'), 'default');
  t.is(typeof resolveReference({ module, export: 'a' }), 'function');
});

test('what is not exported, or is no function, is an error', async (t) => {
  const folder = writeFiles(t, {
    'lib.mjs': 'export const five = 5; export const none = undefined; export default { f() {} };',
    'broken.mjs': "throw new RangeError('at its top level');",
  });
  const at = (name: string) => pathToFileURL(join(folder, name)).href;
  const refused = async (module: string, path: string) => {
    const error = await t.throwsAsync(async () => resolveReference({ module, export: path }), {
      instanceOf: TransferError,
    });
    return error as TransferError;
  };
  t.regex((await refused(at('lib.mjs'), 'missing')).message, /lib\.mjs has no export missing in this process/);
  t.regex((await refused(at('lib.mjs'), 'five')).message, /lib\.mjs has as five a number, not a function/);
  t.regex((await refused(at('lib.mjs'), 'none')).message, /has no export none/);
  t.regex((await refused(at('lib.mjs'), 'default.g')).message, /has no export default\.g/);
  t.regex((await refused(at('lib.mjs'), 'five.x.y')).message, /has no export five\.x\.y/);
  const broken = await refused(at('broken.mjs'), 'f');
  t.regex(broken.message, /broken\.mjs cannot be imported: RangeError: at its top level/);
  t.true(broken.cause instanceof RangeError);
  t.regex((await refused(at('gone.mjs'), 'f')).message, /gone\.mjs cannot be imported: .*Cannot find module/);
  t.regex((await refused('node:fs', 'missing')).message, /node:fs has no export missing/);
  t.regex((await refused('node:nothing', 'f')).message, /node:nothing has no export f/);
  t.regex((await refused('global:', 'Math.PI')).message, /has as Math\.PI a number/);
  t.regex((await refused(5 as unknown as string, 'f')).message, /no reference/);
});

test('what was defined is found by its name, in this process at once', async (t) => {
  const local = () => 'local';
  class Local {
    a = 1;
  }
  define(import.meta, { local, 'a name': Local });
  t.deepEqual(reference(local), { module: import.meta.url, export: 'define:local' });
  t.is(resolveReference(reference(Local)), Local);
  define('file:///else/where.js', { moved: local });
  t.deepEqual(reference(local), { module: 'file:///else/where.js', export: 'define:moved' });
  define('/else/where.js', { again: Local });
  t.is(resolveReference({ module: 'file:///else/where.js', export: 'define:again' }), Local);
  const folder = writeFiles(t, { 'lib.mjs': '' });
  const module = pathToFileURL(join(folder, 'lib.mjs')).href;
  await t.throwsAsync(async () => resolveReference({ module, export: 'define:gone' }), {
    instanceOf: TransferError,
    message: /lib\.mjs does not define gone here: it must call define\(\) whenever it is imported/,
  });
});

test('define takes functions and classes only, of a module', (t) => {
  t.throws(() => define(import.meta, { five: 5 as unknown as () => void }), { instanceOf: TypeError, message: /five/ });
  t.throws(() => define({} as ImportMeta, {}), { instanceOf: TypeError, message: /import\.meta/ });
});

test('reference takes functions and classes only', (t) => {
  t.throws(() => reference({} as () => void), { instanceOf: TransferError, message: /its type is object/ });
  t.throws(() => reference(undefined as unknown as () => void), { message: /its type is undefined/ });
});

for (const [what, before] of [
  ['before anything was looked for', ''],
  ['after something was', 'reference(f);'],
] as const) {
  test(`a module that waits at its top level for what it exports itself gets it, ${what}`, async (t) => {
    const folder = writeFiles(t, {
      'main.mjs': `${ESM}
        export function f() {}
        export class C {}
        ${before}
        const found = await Promise.all([
          resolveReference({ module: import.meta.url, export: 'f' }), resolveReference({ module: import.meta.url, export: 'C' })]);
        console.log(found[0] === f, found[1] === C);
        export const later = 1;`,
    });
    const { stdout, code } = await run(t, join(folder, 'main.mjs'));
    t.is(stdout, 'true true\n');
    t.is(code, 0);
  });
}

test('of several references that lead nowhere, all are heard of', async (t) => {
  const { segments } = pickle([double, api.users.create, Math.max]);
  const text = Buffer.from(segments[0]!).toString('latin1');
  const changed = text.replaceAll('helpers/things', 'helpers/nothin').replaceAll('Math.max', 'Math.mux');
  const elsewhere = delivered({ segments: [Buffer.from(changed, 'latin1')], descriptors: [] });
  // One that was rejected with nobody to listen would end this process.
  await t.throwsAsync(async () => unpickle(elsewhere), { instanceOf: TransferError });
});
