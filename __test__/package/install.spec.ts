/** The packages as users get them: packed, installed from a registry, without cargo, and put to work. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as zygote from 'zygote';
import * as measure from 'zygote/measure';
import * as posix from 'zygote/posix';
import { nativeTarget } from '#dist/native/target';
import { VERSION } from '#dist/version';
import { programs } from './helpers/programs.js';
import { Project, root } from './helpers/project.js';
import { type Published, type Registry, serveRegistry } from './helpers/registry.js';

const require = createRequire(import.meta.url);
const target = nativeTarget();
const own = `zygote-${target}`;
const tarballs = mkdtempSync(join(tmpdir(), 'zygote-tarballs-'));
const tarball = (name: string) => join(tarballs, `${name}-${VERSION}.tgz`);

let registry: Registry;

test.before(async () => {
  const script = join(root, '.ci', 'package', 'pack.mjs');
  execFileSync(process.execPath, [script, '--out', tarballs, '--bundle', '--development'], { stdio: 'pipe' });
  const systems = readdirSync(join(root, 'npm'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  registry = await serveRegistry([
    published('zygote', manifestIn(tarball('zygote'))),
    ...systems.map(({ name }) =>
      published(`zygote-${name}`, JSON.parse(readFileSync(join(root, 'npm', name, 'package.json'), 'utf8'))),
    ),
  ]);
});

test.after.always(() => {
  registry?.close();
  rmSync(tarballs, { recursive: true, force: true });
});

function published(name: string, manifest: Published['manifest']): Published {
  return existsSync(tarball(name)) ? { manifest, tarball: tarball(name) } : { manifest };
}

function manifestIn(file: string): Published['manifest'] {
  return JSON.parse(execFileSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' }));
}

function project(t: ExecutionContext): Project {
  const made = new Project(programs);
  t.teardown(() => made.remove());
  return made;
}

/** Every start method does its job, from both kinds of modules. */
async function works(t: ExecutionContext, user: Project): Promise<void> {
  const all = Object.fromEntries(zygote.getAllStartMethods().map((method) => [method, 7]));
  for (const file of ['main.mjs', 'main.cjs']) t.deepEqual(JSON.parse(await user.node(file)), all, file);
}

test.serial('npm installs the addon of this system and no other, without a script', async (t) => {
  const user = project(t);
  await t.throwsAsync(user.run('cargo', '--version'));
  await user.npm('install', 'zygote', `--registry=${registry.url}`, '--ignore-scripts');
  t.deepEqual(registry.downloads(), ['zygote', own]);
  t.deepEqual(
    readdirSync(join(user.folder, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['zygote', own],
  );
  await works(t, user);
  t.is(await user.npm('exec', 'zygote', '--', '--version'), `${VERSION}\n`);
  const reference = readFileSync(join(user.folder, 'node_modules', 'zygote', 'docs', 'api.md'), 'utf8');
  const headings = new Set([...reference.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading));
  const missing = [
    ...Object.keys(zygote),
    ...Object.keys(posix).map((name) => `${name} (zygote/posix)`),
    ...Object.keys(measure).map((name) => `${name} (zygote/measure)`),
  ].filter((name) => !headings.has(name));
  t.deepEqual(missing, [], 'in the API reference');
});

test.serial('the types that are published are complete, for ES modules and for CommonJS', async (t) => {
  const user = project(t);
  await user.npm('install', tarball('zygote'), '--omit=optional', `--registry=${registry.url}`);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const typeRoots = join(root, 'node_modules', '@types');
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
  ];
  t.is(await user.node(tsc, ...flags, '--types', 'node', '--typeRoots', typeRoots, 'module.mts', 'common.cts'), '');
});

test.serial('pnpm installs it', async (t) => {
  if (!existsSync(join(root, 'node_modules', 'pnpm'))) {
    t.log('skipped: there is no pnpm');
    t.pass();
    return;
  }
  const user = project(t);
  await user.pnpm('add', 'zygote', `--registry=${registry.url}`, `--store-dir=${join(user.folder, 'store')}`);
  t.true(user.has('node_modules', '.pnpm', `${own}@${VERSION}`));
  await works(t, user);
});

test.serial(
  'the bundle is installed without a registry, and its addon is found as node-gyp-build finds it',
  async (t) => {
    const user = project(t);
    await user.npm('install', '--offline', join(tarballs, `zygote-${VERSION}-prebuilds.tgz`));
    await works(t, user);
    const { path } = require('node-gyp-build') as { path(folder: string): string };
    const loaded = await user.node('loaded.mjs');
    t.is(loaded.trim().split('\n').at(-1), path(join(user.folder, 'node_modules', 'zygote')));
  },
);

test.serial('without the addon an error names the command that installs it, and that command does', async (t) => {
  const user = project(t);
  await user.npm('install', 'zygote', '--omit=optional', `--registry=${registry.url}`);
  const { message } = (await t.throwsAsync(user.node('main.mjs'))) ?? {};
  const [, command = ''] = /^ {2}(npm install zygote-.*)$/m.exec(message ?? '') ?? [];
  t.is(command, `npm install ${own}@${VERSION}`, message);
  await user.npm(...command.split(' ').slice(1), `--registry=${registry.url}`);
  await works(t, user);
});

test.serial('an addon for another system is named', async (t) => {
  const user = project(t);
  await user.npm('install', 'zygote', '--omit=optional', `--registry=${registry.url}`);
  const other = target === 'darwin-arm64' ? 'linux-x64-musl' : 'darwin-arm64';
  const folder = join(user.folder, 'node_modules', `zygote-${other}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), readFileSync(join(root, 'npm', other, 'package.json')));
  const error = await t.throwsAsync(user.node('main.mjs'));
  t.true(error?.message.includes(`Installed for another system: zygote-${other}.`), error?.message);
});
