import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { StartMethod } from 'zygote';
import { ESM, runFiles, starting } from '../helpers/files.js';

const HOOKS = `
export async function resolve(specifier, context, next) {
  return specifier === 'virtual:answer' ? { url: specifier, format: 'module', shortCircuit: true } : next(specifier, context);
}
export async function load(url, context, next) {
  return url === 'virtual:answer' ? { format: 'module', source: 'export const answer = 42;', shortCircuit: true } : next(url, context);
}
`;

const REGISTER = `import { register } from 'node:module';\nregister('./hooks.mjs', import.meta.url);\n`;

const MAIN = (body: string) => `${ESM}${body}\nif (isMainProcess) ${starting('target')}`;

/** What Node was told on its command line holds in children, too. */
export function loaders(method: StartMethod): void {
  const args = [method];
  const isAnswer = (
    title: string,
    files: Record<string, string>,
    nodeArgs: (folder: string) => string[],
    env: (folder: string) => Record<string, string> = () => ({}),
  ) =>
    void test(`${method}: ${title}`, async (t) => {
      const outcome = await runFiles(t, files, 'main.mjs', (folder) => ({
        args,
        nodeArgs: nodeArgs(folder),
        env: env(folder),
      }));
      t.is(outcome.stdout.trim(), '42');
      t.is(outcome.code, 0);
    });
  const urlOf = (folder: string, name: string) => pathToFileURL(join(folder, name)).href;

  const virtual = {
    'main.mjs': MAIN("import { answer } from 'virtual:answer';\nexport function target() { return answer; }"),
    'hooks.mjs': HOOKS,
    'register.mjs': REGISTER,
  };

  isAnswer('a loader that --import registers works in a child', virtual, (folder) => [
    '--import',
    urlOf(folder, 'register.mjs'),
  ]);

  isAnswer(
    'a loader that NODE_OPTIONS registers works in a child',
    virtual,
    () => [],
    (folder) => ({ NODE_OPTIONS: `--import=${urlOf(folder, 'register.mjs')}` }),
  );

  isAnswer(
    'a module that --require names is there in a child',
    {
      'main.mjs': MAIN('export function target() { return globalThis.answer; }'),
      'required.cjs': 'globalThis.answer = 42;',
    },
    (folder) => ['--require', join(folder, 'required.cjs')],
  );

  isAnswer(
    'conditions hold in a child',
    {
      'main.mjs': MAIN("import { answer } from 'pkg';\nexport function target() { return answer; }"),
      'node_modules/pkg/package.json': '{"name":"pkg","exports":{"special":"./special.mjs","default":"./default.mjs"}}',
      'node_modules/pkg/special.mjs': 'export const answer = 42;',
      'node_modules/pkg/default.mjs': 'export const answer = 0;',
    },
    () => ['--conditions=special'],
  );
}
