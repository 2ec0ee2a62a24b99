import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { CJS, ESM, fatesOf, run } from './helpers/files.js';
import type { Fate } from './helpers/sender.js';
import { writeFiles } from '../helpers/files.js';

const here = (path: string, result: unknown, module = 'main.mjs'): Fate => ({ reference: `${module} ${path}`, result });

const hasTypes = Boolean((process.features as { typescript?: unknown }).typescript);
const noWarnings = { nodeArgs: ['--no-warnings'] };

test('of an ES module, while it is being evaluated', async (t) => {
  const fates = await fatesOf(t, {
    'main.mjs': `${ESM}
      import anonymous, { later } from './lib.mjs';
      import * as all from './lib.mjs';
      import { passed, through } from './index.mjs';
      export function f() { return 'f'; }
      export const arrow = () => 'arrow', async_ = async () => 'async';
      export async function* generator() {}
      function local() { return 'local'; }
      const other = () => 'other';
      export { local as renamed, other as 'a name.with dots' };
      export class C { static make() { return 'made'; } static inner = { deep: () => 'deep' }; }
      export const api = { run() { return 'run'; }, users: { create: () => 'created' } };
      export let made = (() => () => 'closure')();
      export default function named() { return 'default'; }
      function hidden() { return 'hidden'; }
      class Hidden {}
      define(import.meta, { hidden, Hidden, 'any name': () => 1 });
      if (!process.argv[1].endsWith('receiver.js')) {
        await null;
        send({ f, arrow, async_, generator, local, other, C, make: C.make, deep: C.inner.deep, run: api.run,
          create: api.users.create, made, named, hidden, Hidden, anonymous, Anonymous: all.Anonymous.default, passed,
          through, later, made2: all.made });
      }
      export const tooLate = 1;`,
    'lib.mjs': `
      export default () => 'anonymous';
      export * as Anonymous from './class.mjs';
      export function passed() { return 'passed'; }
      export const made = ((secret) => () => secret)('made');
      export const later = await Promise.resolve(() => 'later');`,
    'class.mjs': 'export default class {}',
    'index.mjs': "export * from './lib.mjs';\nexport { passed as through } from './lib.mjs';",
  });
  t.deepEqual(fates, {
    f: here('f', 'f'),
    arrow: here('arrow', 'arrow'),
    async_: here('async_', 'async'),
    generator: here('generator', {}),
    local: here('renamed', 'local'),
    other: here('a name.with dots', 'other'),
    C: here('C', 'class C'),
    make: here('C.make', 'made'),
    deep: here('C.inner.deep', 'deep'),
    run: here('api.run', 'run'),
    create: here('api.users.create', 'created'),
    made: here('made', 'closure'),
    named: here('default', 'default'),
    hidden: here('define:hidden', 'hidden'),
    Hidden: here('define:Hidden', 'class Hidden'),
    anonymous: here('default', 'anonymous', 'lib.mjs'),
    Anonymous: here('default', 'class default', 'class.mjs'),
    passed: here('passed', 'passed', 'lib.mjs'),
    through: here('passed', 'passed', 'lib.mjs'),
    later: here('later', 'later', 'lib.mjs'),
    made2: here('made', 'made', 'lib.mjs'),
  });
});

test('of CommonJS modules, while they are being evaluated and later', async (t) => {
  const fates = await fatesOf(t, {
    'main.cjs': `${CJS}
      function f() { return 'f'; }
      exports.f = f;
      exports.arrow = () => 'arrow';
      exports.C = class C { static make() { return 'made'; } };
      exports.a = { b: { c() { return 'deep'; } } };
      exports.default = () => 'default';
      function hidden() { return 'hidden'; }
      define(module, { hidden });
      if (require.main === module) {
        const whole = require('./whole.cjs'), getters = require('./getters.cjs'), passing = require('./passing.cjs');
        send({ f, arrow: exports.arrow, C: exports.C, make: exports.C.make, c: exports.a.b.c, byDefault: exports.default,
          hidden, whole, part: whole.part, got: getters.got, passed: passing.passed, required: require('./esm.mjs').esm });
      }`,
    'whole.cjs': "module.exports = () => 'whole';\nmodule.exports.part = () => 'part';",
    // As a compiler writes it.
    'getters.cjs': `Object.defineProperty(exports, '__esModule', { value: true });
      Object.defineProperty(exports, 'got', { enumerable: true, get: () => got });
      function got() { return 'got'; }`,
    'passing.cjs': "exports.passed = require('./lib/defining.cjs').original;",
    'lib/defining.cjs': "exports.original = function () { return 'passed'; };",
    'esm.mjs': "export const esm = () => 'esm';",
  });
  const main = (path: string, result: unknown) => here(path, result, 'main.cjs');
  t.deepEqual(fates, {
    f: main('f', 'f'),
    arrow: main('arrow', 'arrow'),
    C: main('C', 'class C'),
    make: main('C.make', 'made'),
    c: main('a.b.c', 'deep'),
    byDefault: main('default.default', 'default'),
    hidden: main('define:hidden', 'hidden'),
    whole: here('default', 'whole', 'whole.cjs'),
    part: here('part', 'part', 'whole.cjs'),
    got: here('got', 'got', 'getters.cjs'),
    passed: here('original', 'passed', 'defining.cjs'),
    required: here('esm', 'esm', 'esm.mjs'),
  });
});

const BUNDLE = `
  var __defProp = Object.defineProperty;
  var __export = (target, all) => { for (var name in all) __defProp(target, name, { get: all[name], enumerable: true }); };`;

const modules: [what: string, files: Record<string, string>, expected: Record<string, Fate>][] = [
  [
    '.js in a package of type module',
    {
      'main.js': `${ESM}export function f() { return 'f'; }\nif (!process.argv[1].endsWith('receiver.js')) send({ f });`,
      'package.json': '{ "type": "module" }',
    },
    { f: here('f', 'f', 'main.js') },
  ],
  [
    '.js of which only its syntax says that it is a module',
    { 'main.js': `${ESM}export const f = () => 'f';\nif (!process.argv[1].endsWith('receiver.js')) send({ f });` },
    { f: here('f', 'f', 'main.js') },
  ],
  [
    '.js of CommonJS',
    {
      'main.js': `${CJS}exports.f = () => 'f';\nif (require.main === module) send(exports);`,
      'package.json': '{ "type": "commonjs" }',
    },
    { f: here('f', 'f', 'main.js') },
  ],
  [
    'a package, by its exports',
    {
      'main.mjs': `${ESM}import { f, g } from 'pkg/tools';\nimport c from 'pkg/c';\nsend({ f, g, c: c.c });`,
      'node_modules/pkg/package.json': `{ "name": "pkg", "exports": { "./tools": "./lib/tools.mjs", "./c": "./lib/c.cjs" } }`,
      'node_modules/pkg/lib/tools.mjs': "export * from './inner.mjs';\nexport const g = () => 'g';",
      'node_modules/pkg/lib/inner.mjs': "export const f = () => 'f';",
      'node_modules/pkg/lib/c.cjs': "module.exports = { c: () => 'c' };",
    },
    { f: here('f', 'f', 'inner.mjs'), g: here('g', 'g', 'tools.mjs'), c: here('c', 'c', 'c.cjs') },
  ],
  [
    'a module with a query, and another instance of it',
    {
      'main.mjs': `${ESM}import { f } from './lib.mjs?one';\nimport { f as two } from './lib.mjs?two#x';\nsend({ f, two });`,
      'lib.mjs': 'export const f = () => import.meta.url.split("?")[1];',
    },
    { f: here('f', 'one', 'lib.mjs?one'), two: here('f', 'two#x', 'lib.mjs?two#x') },
  ],
  [
    'a bundle of ES modules',
    {
      'main.mjs': `${ESM}${BUNDLE}
        var f = function f() { return 'f'; }, g = () => 'g';
        var tools_exports = {};
        __export(tools_exports, { g: () => g });
        export { f, tools_exports as tools };
        if (!process.argv[1].endsWith('receiver.js')) send({ f });`,
    },
    { f: here('f', 'f') },
  ],
  [
    'a bundle of CommonJS',
    {
      'main.cjs': `${CJS}${BUNDLE}
        var src_exports = {};
        __export(src_exports, { f: () => f });
        module.exports = Object.assign(__defProp({}, '__esModule', { value: true }), {});
        __export(module.exports, { f: () => f });
        function f() { return 'f'; }
        if (require.main === module) send({ f });`,
    },
    { f: here('f', 'f', 'main.cjs') },
  ],
  [
    'a folder with unusual characters',
    {
      'a b%20ü#?/main.mjs': `${ESM}export const f = () => 'f';\nif (!process.argv[1].endsWith('receiver.js')) send({ f });`,
    },
    { f: here('f', 'f') },
  ],
  [
    'a data: URL',
    {
      'main.mjs': `${ESM}const { f } = await import('data:text/javascript,export function f() { return 1 }');\nsend({ f });`,
    },
    { f: here('f', 1, 'javascript,export%20function%20f()%20{%20return%201%20}') },
  ],
  [
    'a module whose source claims another name',
    {
      'main.mjs': `${ESM}export const f = () => 'f';\nif (!process.argv[1].endsWith('receiver.js')) send({ f });\n//# sourceURL=other.js`,
    },
    { f: here('f', 'f') },
  ],
];

for (const [what, files, expected] of modules) {
  test(`of ${what}`, async (t) => {
    const fates = await fatesOf(t, files, noWarnings);
    if (what === 'a data: URL') t.is(fates['f']?.result, 1);
    else t.deepEqual(fates, expected);
  });
}

test('of a main module that is a symbolic link, also if links are preserved', async (t) => {
  const folder = writeFiles(t, {
    'real/main.mjs': `${ESM}import { g } from './lib.mjs';
      export const f = () => 'f';
      if (!process.argv[1].endsWith('receiver.js')) send({ f, g });`,
    'real/lib.mjs': "export const g = () => 'g';",
  });
  symlinkSync(join(folder, 'real'), join(folder, 'folder'));
  symlinkSync(join(folder, 'real/main.mjs'), join(folder, 'link.mjs'));
  const plain = await run(t, join(folder, 'link.mjs'));
  t.deepEqual(JSON.parse(plain.stdout), { f: here('f', 'f'), g: here('g', 'g', 'lib.mjs') });
  const preserved = await run(t, join(folder, 'folder/main.mjs'), {
    nodeArgs: ['--preserve-symlinks', '--preserve-symlinks-main'],
  });
  t.deepEqual(JSON.parse(preserved.stdout), { f: here('f', 'f'), g: here('g', 'g', 'lib.mjs') });
});

/** Types are between the brackets. */
const TYPED = `
  ‹interface Shape { side: number }›
  export function f(shape‹: Shape› = { side: 2 })‹: number› { return shape.side; }
  export const api = { run: (value‹: string› = 'run')‹: string› => value };
  export class C‹<T>› { value‹?: T›; static make(‹this: void›)‹: string› { return 'made'; } }
  function hidden()‹: string› { return 'hidden'; }
  define(import.meta, { hidden });
  if (!process.argv[1]‹!›.endsWith('receiver.js')) send({ f, run: api.run, C, make: C.make, hidden });`;

const typed = (module: string) => ({
  f: here('f', 2, module),
  run: here('api.run', 'run', module),
  C: here('C', 'class C', module),
  make: here('C.make', 'made', module),
  hidden: here('define:hidden', 'hidden', module),
});

(hasTypes ? test : test.skip)('of TypeScript, of which Node strips the types', async (t) => {
  t.deepEqual(await fatesOf(t, { 'main.ts': `${ESM}${TYPED.replaceAll(/[‹›]/g, '')}` }, noWarnings), typed('main.ts'));
  const commonJs = {
    // Node 22 cannot import a module of this kind that requires an ES module.
    'main.cts': `exports.f = (value: number = 3): number => value;\nif (require.main === module) { ${CJS} send({ f: exports.f }); }`,
  };
  t.deepEqual(await fatesOf(t, commonJs, noWarnings), { f: here('f', 3, 'main.cts') });
});

/** Takes the types out, and moves all lines. */
const STRIP = "const strip = (source) => '\\n\\n' + source.replaceAll(/‹[^›]*›/g, '');";

const asynchronous = {
  'register.mjs': "import { register } from 'node:module';\nregister('./hooks.mjs', import.meta.url);",
  'hooks.mjs': `import { readFile } from 'node:fs/promises';
    ${STRIP}
    export async function load(url, context, next) {
      if (!url.endsWith('.tsx')) return next(url, context);
      return { format: 'module', source: strip(await readFile(new URL(url), 'utf8')), shortCircuit: true };
    }`,
};

const synchronous = {
  'register.mjs': `import { readFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    ${STRIP}
    registerHooks({ load(url, context, next) {
      if (!url.endsWith('.tsx')) return next(url, context);
      return { format: 'module', source: strip(readFileSync(new URL(url), 'utf8')), shortCircuit: true };
    } });`,
};

const { registerHooks } = process.getBuiltinModule('node:module') as { registerHooks?: unknown };

for (const [what, loader] of [
  ['on a thread of its own', asynchronous],
  ['that is synchronous', registerHooks ? synchronous : undefined],
] as const) {
  (loader ? test : test.skip)(`of TypeScript through a loader ${what}`, async (t) => {
    const fates = await fatesOf(t, { 'main.tsx': `${ESM}${TYPED}`, ...loader }, (folder) => ({
      nodeArgs: ['--no-warnings', '--import', pathToFileURL(join(folder, 'register.mjs')).href],
    }));
    t.deepEqual(fates, typed('main.tsx'));
  });
}

test('in a Worker', async (t) => {
  const fates = await fatesOf(t, {
    'main.mjs': `${ESM}import { isMainThread, Worker } from 'node:worker_threads';
      import { g } from './lib.cjs';
      export const f = () => 'f';
      if (process.argv[1].endsWith('receiver.js')) {}
      else if (isMainThread) new Worker(new URL(import.meta.url));
      else send({ f, g });`,
    'lib.cjs': "exports.g = () => 'g';",
  });
  t.deepEqual(fates, { f: here('f', 'f'), g: here('g', 'g', 'lib.cjs') });
});

const WAYS_OUT = /export it \(or name it with define\(\)\), or use the start method 'fork', which inherits it$/;

test('what cannot be found is refused, with its name, its place and what to do', async (t) => {
  const fates = await fatesOf(t, {
    'main.mjs': `${ESM}import { memoized } from './lib.mjs';
function local() {}
class Local {}
function outer(value) { return function inner() { return value; }; }
export class Service { handle() {} static { this.prototype.late = () => 1; } }
const objects = { method() {}, async *'a b'() {}, get accessor() { return 1; } };
const { get } = Object.getOwnPropertyDescriptor(objects, 'accessor');
send({
  local,
  Local,
  inner: outer(1),
  arrow: () => 1,
  handle: new Service().handle,
  method: objects.method,
  quoted: objects['a b'],
  getter: get,
  bound: local.bind(null),
  evaluated: eval('(function evaluated() {})'),
  constructed: new Function('return 1'),
  memoized,
  proxy: new Proxy(local, {}),
  builtin: process.on,
  native: [].map,
});`,
    'lib.mjs':
      'function memoize(f) { return function memo() { return f(); }; }\nexport const holder = new Map([[1, memoize(() => 1)]]);\nexport const { memoized = holder.get(1) } = {};\nexport default 1;',
  });
  const error = (name: string): string => fates[name]?.error ?? JSON.stringify(fates[name]);
  t.regex(
    error('local'),
    /^cannot transfer \$: it is the function local at .*main\.mjs:3:15, which its module does not export: /,
  );
  t.regex(error('local'), WAYS_OUT);
  t.regex(error('Local'), /the class Local at .*main\.mjs:4:\d+, which its module does not export: /);
  t.regex(error('Local'), WAYS_OUT);
  t.regex(error('inner'), /the function inner at .*main\.mjs:5:\d+, which is made by the function outer .*top level/);
  t.regex(error('inner'), WAYS_OUT);
  t.regex(error('arrow'), /the function arrow at .*main\.mjs:13:\d+/);
  t.regex(error('arrow'), WAYS_OUT);
  t.regex(error('handle'), /the method handle at .*main\.mjs:6:\d+, .*send the object.*export a function.*'fork'/);
  t.regex(error('method'), /the method method at .*main\.mjs:7:\d+/);
  t.regex(error('quoted'), /the method a b at/);
  t.regex(error('getter'), /the method get accessor at/);
  t.regex(error('bound'), /the bound function bound local.*send the function and what it is bound to/);
  t.regex(error('bound'), WAYS_OUT);
  t.regex(error('evaluated'), /the function evaluated at <eval>:1:\d+, which eval\(\) or new Function\(\) has made/);
  t.regex(error('evaluated'), WAYS_OUT);
  t.regex(error('constructed'), /the function anonymous at <eval>/);
  t.deepEqual(fates['memoized'], here('memoized', 1, 'lib.mjs'));
  t.regex(error('proxy'), /behind a Proxy/);
  t.regex(error('builtin'), /at node:events:\d+:\d+, which Node does not export/);
  t.regex(error('native'), /the function map, of which this process does not know the module/);
});

test('code that is in no module is refused', async (t) => {
  const folder = writeFiles(t, {
    'vm.mjs': `${ESM}import vm from 'node:vm';
      send({ script: vm.runInThisContext('(function script() {})'), named: vm.runInThisContext('(function named() {})', 'other.js'),
        file: vm.runInThisContext('(function file() {})', { filename: import.meta.url }),
        context: vm.runInNewContext('(function context() {})') });`,
    'repl.mjs': `${ESM}import repl from 'node:repl';
      import { PassThrough } from 'node:stream';
      const input = new PassThrough();
      const server = repl.start({ input, output: new PassThrough() });
      server.context.send = send;
      input.end('function typed() {}\\nsend({ typed })\\n');`,
  });
  const errorsOf = async (path: string, options = {}) => {
    const { stdout, code } = await run(t, path, options);
    t.is(code, 0);
    const fates = JSON.parse(stdout) as Record<string, Fate>;
    return Object.fromEntries(Object.entries(fates).map(([name, { error }]) => [name, error ?? '']));
  };
  const inVm = await errorsOf(join(folder, 'vm.mjs'));
  for (const name of ['script', 'named', 'context']) t.regex(inVm[name] ?? '', /node:vm has made/, name);
  t.regex(inVm['file'] ?? '', /vm\.mjs:1:\d+, which its module does not export/);
  t.regex((await errorsOf(join(folder, 'repl.mjs')))['typed'] ?? '', /which was typed in/);
  const helpers = ESM.replace(/^import .* from (.*);\s*$/, 'import($1)');
  const program = `function own() {}\n${helpers}.then(({ send }) => send({ own }, []));`;
  const evaluated = await errorsOf(join(folder, 'vm.mjs'), { nodeArgs: ['-e', program] });
  t.regex(evaluated['own'] ?? '', /which was given on the command line/);
  const module = await errorsOf(join(folder, 'vm.mjs'), {
    nodeArgs: ['--input-type=module', '-e', `${ESM}export function own() {}\nsend({ own }, []);`],
  });
  t.regex(module['own'] ?? '', /which was given on the command line/);
});
