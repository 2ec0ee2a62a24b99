import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ProgramOptions } from '../helpers/program.js';
import { ESM, run } from './helpers/files.js';
import { writeFiles } from '../helpers/files.js';

/** Looks a function up that is found, and one that is not, for which a debugger is switched on. */
const LOOK_UP = `
  export function f() { return 'f'; }
  const lookUp = () => { reference(f); try { reference(() => 1); } catch ({ message }) { if (!/main.mjs:/.test(message)) throw message; } };`;

async function output(
  t: ExecutionContext,
  body: string,
  options: ProgramOptions = {},
): Promise<[stdout: string, stderr: string, code: number | null]> {
  const folder = writeFiles(t, { 'main.mjs': `${ESM}import inspector from 'node:inspector';${LOOK_UP}\n${body}` });
  const { stdout, stderr, code } = await run(t, join(folder, 'main.mjs'), options);
  return [stdout.trim(), stderr, code];
}

test('a program ends by itself after looking functions up, and nothing listens', async (t) => {
  t.deepEqual(await output(t, 'lookUp(); console.log(inspector.url() ?? "none"); process.exitCode = 7;'), [
    'none',
    '',
    7,
  ]);
});

test('process.exit works after looking functions up', async (t) => {
  t.deepEqual(await output(t, 'lookUp(); process.exit(3);'), ['', '', 3]);
  t.deepEqual(await output(t, "process.on('exit', lookUp); await null; process.exit(4);"), ['', '', 4]);
});

test('a debugger statement does not stop a program that has looked functions up', async (t) => {
  t.deepEqual(await output(t, 'lookUp(); debugger; console.log("went on");'), ['went on', '', 0]);
});

test('a program under --inspect keeps listening', async (t) => {
  const body =
    'const before = inspector.url(); lookUp(); console.log(inspector.url() === before && before.length > 10);';
  const [stdout, stderr, code] = await output(t, body, { nodeArgs: ['--inspect=127.0.0.1:0'] });
  t.is(stdout, 'true');
  t.is(code, 0);
  t.deepEqual(stderr.match(/^\w+ \w+/gm), ['Debugger listening', 'For help']);
});

test('a session of the program stays as it is', async (t) => {
  const body = `
    const session = new inspector.Session();
    session.connect();
    const ids = [];
    session.on('Debugger.scriptParsed', ({ params }) => ids.push(params.scriptId));
    session.post('Debugger.enable');
    let pauses = 0;
    session.on('Debugger.paused', () => { pauses++; session.post('Debugger.resume'); });
    lookUp();
    debugger;
    session.post('Debugger.getScriptSource', { scriptId: ids[0] }, (error, { scriptSource }) => console.log(error, scriptSource.length > 0, pauses));
    session.disconnect();`;
  t.deepEqual(await output(t, body), ['null true 1', '', 0]);
});

test('WebAssembly goes on', async (t) => {
  // (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
  const bytes = '0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b';
  const body = `
    const { instance: { exports: { add } } } = await WebAssembly.instantiate(Buffer.from('${bytes}', 'hex'));
    const sum = () => { let total = 0; for (let i = 0; i < 1e5; i++) total = add(total, i % 7); return total; };
    const before = sum();
    lookUp();
    console.log(sum() === before);`;
  t.deepEqual(await output(t, body), ['true', '', 0]);
});

test('no trace of a look-up is left in the global object', async (t) => {
  const body =
    'const before = Reflect.ownKeys(globalThis).length; lookUp(); console.log(Reflect.ownKeys(globalThis).length - before);';
  t.deepEqual(await output(t, body), ['0', '', 0]);
});

test('without an inspector, what was defined is found, and CommonJS; all else is refused', async (t) => {
  const body = `
    import { createRequire } from 'node:module';
    process.getBuiltinModule = (get => (name) => { if (name === 'node:inspector') throw new Error('none'); return get(name); })(process.getBuiltinModule);
    const lib = createRequire(import.meta.url)('./lib.cjs');
    const g = () => 1;
    define(import.meta, { g });
    let refused; try { reference(f); } catch ({ message }) { refused = message; }
    console.log(JSON.stringify([reference(lib.f).export, reference(g).export, reference(Math.max).export, refused]));`;
  const folder = writeFiles(t, {
    'main.mjs': `${ESM}export function f() {}\n${body}`,
    'lib.cjs': 'exports.f = () => 1;',
  });
  const { stdout } = await run(t, join(folder, 'main.mjs'));
  const [commonJs, defined, builtin, refused] = JSON.parse(stdout) as string[];
  t.deepEqual([commonJs, defined, builtin], ['f', 'define:g', 'Math.max']);
  t.regex(
    refused ?? '',
    /the function f, of which this process does not know the module: export it \(or name it with define\(\)\)/,
  );
});
