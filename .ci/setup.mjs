// Makes the working tree ready to run: dependencies, the native addon, the compiled TypeScript.
//
//   node .ci/setup.mjs          everything
//   node .ci/setup.mjs native   the addon only
//   node .ci/setup.mjs ts       dependencies and TypeScript only
//
// Every npm script that runs something begins with it, so each of them works as the first command in a fresh clone.
// It needs nothing but Node, and says nothing when everything is up to date. Output goes to stderr: stdout belongs to the
// command that follows.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODE = [20, 19];
const RUST = [1, 88];
const SLOW = 1000; // ms after which a step says that it is running

/** Its message is what the step printed: no stack needed. */
class StepError extends Error {}

const only = process.argv[2];
checkNode();
if (only !== 'ts') checkCargo();

// The two halves need different tools and both take a while from scratch.
const results = await Promise.allSettled([
  only === 'ts' ? undefined : buildNative(),
  only === 'native' ? undefined : installDependencies().then(buildTypeScript),
]);
const failures = results.filter((result) => result.status === 'rejected');
for (const { reason } of failures) console.error(reason instanceof StepError ? reason.message : reason);
if (failures.length > 0) process.exit(1);

function checkNode() {
  if (!atLeast(process.versions.node, NODE)) {
    fail(`Node ${NODE.join('.')} or newer is needed; this is ${process.version}.`, 'Get it from https://nodejs.org');
  }
}

function checkCargo() {
  const { stdout, error } = spawnSync('cargo', ['--version'], { cwd: root, encoding: 'utf8' });
  const needed = `Rust ${RUST.join('.')} or newer is needed to build the native addon; `;
  if (error) {
    const bin = join(homedir(), '.cargo', 'bin');
    const how = existsSync(bin)
      ? `There is one in ${bin}: add that directory to PATH.`
      : 'Get it from https://rustup.rs, then open a new terminal.';
    fail(`${needed}cargo is not in PATH.`, how);
  }
  const version = /\d+\.\d+/.exec(stdout)?.[0];
  if (version && !atLeast(version, RUST)) fail(`${needed}this is ${version}.`, 'Update it: rustup update stable');
}

async function installDependencies() {
  // npm writes this file last, so it also tells that an earlier install was not interrupted.
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (isNewer(installed, join(root, 'package-lock.json'))) return;
  // Under `npm run` this is the npm that the user has called.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  if (npm?.endsWith('npm-cli.js')) await run('installing dependencies', process.execPath, [npm, ...args]);
  else await run('installing dependencies', 'npm', args, { shell: process.platform === 'win32' });
}

async function buildTypeScript() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const [lib, dist] = [join(root, '.build', 'lib'), join(root, 'dist')];
  // tsc looks at one of them only to find out whether it has anything to do.
  if (!existsSync(join(dist, 'index.d.ts'))) rmSync(lib, { recursive: true, force: true });
  await run('compiling TypeScript', process.execPath, [tsc, '--build', 'src', '__test__']);
  removeStale(lib, join(root, 'src'), /\.js(\.map)?$/);
  removeStale(dist, join(root, 'src'), /\.d\.ts(\.map)?$/);
  removeStale(join(root, '.build', 'test'), join(root, '__test__'), /\.js(\.map)?$/);
  await buildBundle();
}

/** If anything has changed. */
async function buildBundle() {
  const bundled = join(root, 'dist', '.npmignore');
  const sources = ['.build/lib/.tsbuildinfo', '.ci/bundle.mjs', 'package.json', 'package-lock.json'];
  if (sources.every((source) => isNewer(bundled, join(root, source)))) return;
  const { bundle } = await import('./bundle.mjs');
  await bundle();
}

/** tsc leaves the output of a source that is gone; a deleted spec would go on running. */
function removeStale(outputs, sources, endings) {
  for (const output of readdirSync(outputs, { recursive: true })) {
    const source = output.replace(endings, '.ts');
    if (source !== output && !existsSync(join(sources, source))) rmSync(join(outputs, output));
  }
}

async function buildNative() {
  const output = await run('building the native addon (the first time takes a minute)', 'cargo', [
    'build',
    '--release',
    '--package=zygote-addon',
    '--locked',
    '--message-format=json-render-diagnostics',
  ]);
  const library = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .find((message) => message.reason === 'compiler-artifact' && message.target.name === 'zygote_addon')
    .filenames.find((file) => /\.(so|dylib|dll)$/.test(file));
  install(library, join(root, 'dist', 'native', `zygote.${nativeTarget()}.node`));
}

/** Replaces the file by a rename: a process that has the old addon mapped keeps it, and does not crash. */
function install(from, to) {
  const { mtime, mtimeMs, size } = statSync(from);
  const old = statSync(to, { throwIfNoEntry: false });
  if (old?.size === size && Math.abs(old.mtimeMs - mtimeMs) < 1) return;
  mkdirSync(join(to, '..'), { recursive: true });
  const temporary = `${to}.${process.pid}`;
  copyFileSync(from, temporary);
  utimesSync(temporary, mtime, mtime);
  renameSync(temporary, to);
}

/** The same as src/native/target.ts, which is not compiled yet when this runs. */
function nativeTarget() {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32') return `${name}-msvc`;
  if (process.platform !== 'linux') return name;
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ? `${name}-gnu` : `${name}-musl`;
}

/** Runs a step and gives its stdout. What it prints is shown only if it fails. */
function run(what, command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    let slow = false;
    const timer = setTimeout(() => {
      slow = true;
      console.error(`setup: ${what} …`);
    }, SLOW);
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', (error) => reject(new StepError(`setup: ${what} failed: ${error.message}`)));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) {
        if (slow) console.error(`setup: ${what}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
        resolve(stdout);
        return;
      }
      const printed = stdout
        .split('\n')
        .filter((line) => !line.startsWith('{"reason"'))
        .join('\n');
      reject(new StepError(`${printed}${stderr}setup: ${what} failed (${signal ?? `exit code ${code}`})`));
    });
  });
}

function fail(problem, whatToDo) {
  console.error(`zygote: ${problem}\n${whatToDo}`);
  process.exit(1);
}

function atLeast(version, [major, minor]) {
  const [foundMajor, foundMinor] = version.split('.').map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

function isNewer(file, than) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.mtimeMs >= statSync(than).mtimeMs;
}
