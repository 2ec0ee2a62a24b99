import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { StartMethod } from 'zygote';
import { CJS, ESM, runFiles, runMain, starting } from '../helpers/files.js';
import { writeFiles } from '../../helpers/files.js';

const FUNCTION = 'function double(value) { return value * 2; }\n';
const START = `if (isMainProcess) ${starting('double', [21])}`;

interface Main {
  files: Record<string, string>;
  /** Default: the first of the files. */
  main?: string;
  nodeArgs?: string[];
}

const mains: Record<string, Main> = {
  '.mjs': { files: { 'main.mjs': `${ESM}export ${FUNCTION}${START}` } },
  '.cjs': { files: { 'main.cjs': `${CJS}${FUNCTION}exports.double = double;\n${START}` } },
  '.js in a package of type module': {
    files: { 'main.js': `${ESM}export ${FUNCTION}${START}`, 'package.json': '{"type":"module"}' },
  },
  '.js in a package of type commonjs': {
    files: {
      'main.js': `${CJS}${FUNCTION}module.exports = { double };\n${START}`,
      'package.json': '{"type":"commonjs"}',
    },
  },
  'no suffix': { files: { main: `${CJS}${FUNCTION}exports.double = double;\n${START}` } },
  'a function as module.exports': { files: { 'main.cjs': `${CJS}${FUNCTION}module.exports = double;\n${START}` } },
  'a function inside of an exported object': {
    files: { 'main.cjs': `${CJS}${FUNCTION}exports.tools = { inner: { double } };\n${START}` },
  },
  'a default export': { files: { 'main.mjs': `${ESM}export default ${FUNCTION}${START}` } },
  'another name': { files: { 'main.mjs': `${ESM}${FUNCTION}export { double as twice };\n${START}` } },
  'a function of another module': {
    files: {
      'main.mjs': `${ESM}import { double } from './lib/double.mjs';\n${START}`,
      'lib/double.mjs': `export ${FUNCTION}`,
    },
  },
  'a function that another module re-exports': {
    files: {
      'main.mjs': `${ESM}import { double } from './index.mjs';\n${START}`,
      'index.mjs': "export * from './lib/double.mjs';\n",
      'lib/double.mjs': `export ${FUNCTION}`,
    },
  },
  'a function of a package, which exports it': {
    files: {
      'main.mjs': `${ESM}import { double } from 'pkg/tools';\n${START}`,
      'node_modules/pkg/package.json': '{"name":"pkg","type":"module","exports":{"./tools":"./lib/tools.js"}}',
      'node_modules/pkg/lib/tools.js': `export ${FUNCTION}`,
    },
  },
  'CommonJS of an ES module': {
    files: {
      'main.mjs': `${ESM}import tools from './tools.cjs';\nconst { double } = tools;\n${START}`,
      'tools.cjs': `${FUNCTION}exports.double = double;\n`,
    },
  },
  'a folder with unusual characters': {
    files: { 'a b%20ü#/main.mjs': `${ESM}export ${FUNCTION}${START}` },
  },
  'a main module that waits for the result at its top level': {
    files: {
      'main.mjs': `${ESM}export ${FUNCTION}
        if (isMainProcess) {
          const child = await new Process({ target: double, args: [21], method: process.argv[2] }).start();
          console.log(await child.result);
        }`,
    },
  },
  'a main module that was imported by another one': {
    files: { 'main.mjs': "await import('./real.mjs');\n", 'real.mjs': `${ESM}export ${FUNCTION}${START}` },
  },
  'a guard by require.main': {
    files: {
      'main.cjs': `${CJS}${FUNCTION}exports.double = double;\nif (require.main === module) ${starting('double', [21])}`,
    },
  },
  'a guard by process.argv': {
    files: {
      'main.mjs': `${ESM}import { fileURLToPath } from 'node:url';\nexport ${FUNCTION}
        if (process.argv[1] === fileURLToPath(import.meta.url)) ${starting('double', [21])}`,
    },
  },
};

if ((process.features as { typescript?: unknown }).typescript) {
  mains['TypeScript, of which Node strips the types'] = {
    files: { 'main.ts': `${ESM}export ${FUNCTION.replace('(value)', '(value: number): number')}${START}` },
    nodeArgs: ['--no-warnings'],
  };
}

if ('main' in import.meta) {
  mains['a guard by import.meta.main'] = {
    files: { 'main.mjs': `${ESM}export ${FUNCTION}if (import.meta.main) ${starting('double', [21])}` },
  };
}

const IN_WORKER = `${ESM}import { isMainThread, Worker } from 'node:worker_threads';
  export ${FUNCTION}
  if (isMainProcess && isMainThread) new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  if (isMainProcess && !isMainThread) ${starting('double', [21])}`;

/** Main modules of all kinds: what they export is found again in a child. */
export function mainModules(method: StartMethod): void {
  const args = [method];

  for (const [what, { files, main = Object.keys(files)[0] ?? '', nodeArgs = [] }] of Object.entries(mains)) {
    test(`${method}: a target is found in a child: ${what}`, async (t) => {
      const outcome = await runFiles(t, files, main, { args, nodeArgs });
      t.is(outcome.stdout.trim(), '42');
      t.is(outcome.code, 0);
    });
  }

  // Under wine symbolic links are made without an error, and are not there; on Windows making one is a privilege.
  const withLinks = process.platform === 'win32' ? test.skip : test;
  withLinks(`${method}: a target is found in a child: a main module that is a symbolic link`, async (t) => {
    const folder = writeFiles(t, {
      'real/main.mjs': `${ESM}import './beside.mjs';\nexport ${FUNCTION}${START}`,
      'real/beside.mjs': '',
    });
    symlinkSync(join(folder, 'real/main.mjs'), join(folder, 'link.mjs'));
    const outcome = await runMain(t, join(folder, 'link.mjs'), { args });
    t.is(outcome.stdout.trim(), '42');
    t.is(outcome.code, 0);
  });

  test(`${method}: a Worker can start processes`, async (t) => {
    const outcome = await runFiles(t, { 'main.mjs': IN_WORKER }, 'main.mjs', { args });
    t.is(outcome.stdout.trim(), '42');
    t.is(outcome.code, 0);
  });

  const imported = (folder: string) =>
    `import(${JSON.stringify(pathToFileURL(join(folder, 'lib.mjs')).href)}).then(({ run }) => run(process.argv[2]))`;
  const lib = `${ESM}export ${FUNCTION}export function run(method, target = double) { ${starting('target', [21]).replace('process.argv[2]', 'method')} }`;

  test(`${method}: a program on the command line can start what it imports`, async (t) => {
    const folder = writeFiles(t, { 'lib.mjs': lib });
    // The path is an argument of the program then.
    const outcome = await runMain(t, join(folder, 'lib.mjs'), { args, nodeArgs: ['-e', imported(folder)] });
    t.is(outcome.stdout.trim(), '42');
    t.is(outcome.code, 0);
  });

  for (const [what, flags, code] of [
    [
      'on the command line',
      ['-e'],
      (url: string) => `function own() {} import('${url}').then(({ run }) => run('${method}', own));`,
    ],
    [
      'that is a module on the command line',
      ['--input-type=module', '-e'],
      (url: string) => `import { run } from '${url}';\nexport function own() {}\nrun('${method}', own);`,
    ],
    [
      'from standard input',
      ['-'],
      (url: string) => `function own() {} import('${url}').then(({ run }) => run('${method}', own));`,
    ],
  ] as const) {
    test(`${method}: a function of a program ${what} is refused, as no child could import it`, async (t) => {
      const folder = writeFiles(t, { 'lib.mjs': lib });
      const source = code(pathToFileURL(join(folder, 'lib.mjs')).href);
      const fromInput = flags[0] === '-';
      const outcome = await runMain(t, join(folder, 'lib.mjs'), {
        nodeArgs: fromInput ? ['-'] : [...flags, source],
        during: async ({ program: { stdin } }) => {
          stdin?.end(fromInput ? source : '');
          return Promise.resolve();
        },
      });
      t.is(outcome.code, 0);
      const { code: refused, message } = JSON.parse(outcome.stdout) as { code: string; message: string };
      t.is(refused, 'ERR_ZYGOTE_TRANSFER');
      t.regex(message, /\bown\b/);
    });
  }
}
