// Makes the tarballs that are published: the package, and one for each system that there is an addon for.
//
//   npm run package -- --out DIR [--binaries DIR] [--all] [--bundle] [--repository URL] [--development]
//
//   --binaries DIR    where the addons are, named zygote.<target>.node; dist/native if not given
//   --all             an addon that is missing is an error
//   --bundle          one more tarball of the package, with all these addons in it, for installs without a registry
//   --repository URL  named in each manifest: npm's proof of origin compares it
//   --development     addons may need the C library of this machine
//
// The packages of the systems are optional dependencies of the package, of exactly its version. The package.json of the
// repository does not name them: `npm ci` has to work before they are published, and a lockfile could not hold them.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { apiReference } from './api.mjs';
import { inspect } from './inspect.mjs';
import { root, targets } from './targets.mjs';

/** Bytes, unpacked, of the package without addons. */
const BUDGET = 4 * 1024 * 1024;

const { values: options } = parseArgs({
  options: {
    out: { type: 'string' },
    binaries: { type: 'string', default: join(root, 'dist', 'native') },
    all: { type: 'boolean', default: false },
    bundle: { type: 'boolean', default: false },
    repository: { type: 'string' },
    development: { type: 'boolean', default: false },
  },
});
if (!options.out) {
  console.error('usage: node .ci/package/pack.mjs --out DIR …');
  process.exit(2);
}
const out = resolve(options.out);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
let files;
const staging = mkdtempSync(join(tmpdir(), 'zygote-pack-'));
try {
  mkdirSync(out, { recursive: true });
  const built = checkedBinaries();
  const size = packMain();
  if (size > BUDGET) throw new Error(`the package has ${size} bytes, and the budget is ${BUDGET}`);
  for (const each of built) packTarget(each);
  if (options.bundle) packBundle(built);
} catch (error) {
  console.error(`pack: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(staging, { recursive: true });
}

/** Those that are there, each what its name says. */
function checkedBinaries() {
  const built = targets.filter(({ file }) => existsSync(join(options.binaries, file)));
  const missing = targets.filter((each) => !built.includes(each)).map(({ file }) => file);
  if (built.length === 0) throw new Error(`there is no addon in ${options.binaries}`);
  if (options.all && missing.length > 0) throw new Error(`missing in ${options.binaries}: ${missing.join(', ')}`);
  const problems = built.flatMap(({ file, manifest: { version } }) => [
    ...(version === manifest.version
      ? []
      : [`npm/ has version ${version} of ${file}, and package.json ${manifest.version}`]),
    ...inspect(join(options.binaries, file), options.development ? [999, 0] : undefined).problems.map(
      (each) => `${file}: ${each}`,
    ),
  ]);
  if (problems.length > 0) throw new Error(problems.join('\npack: '));
  return built;
}

function packMain() {
  const optionalDependencies = Object.fromEntries(targets.map((each) => [each.manifest.name, manifest.version]));
  return pack(stageMain('main', { optionalDependencies }));
}

function packTarget({ folder, file, manifest: its }) {
  const stage = join(staging, its.name);
  cpSync(folder, stage, { recursive: true });
  cpSync(join(options.binaries, file), join(stage, file));
  cpSync(join(root, 'npm', 'THIRD-PARTY.md'), join(stage, 'THIRD-PARTY.md'));
  cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  writeManifest(stage, its);
  pack(stage);
}

/** As prebuildify lays it out: see src/native/prebuilds.ts. */
function packBundle(built) {
  const stage = stageMain('bundle', {});
  for (const { file, manifest: its } of built) {
    const tags = its.libc ? `.${its.libc[0]}` : '';
    const to = join(stage, 'prebuilds', `${its.os[0]}-${its.cpu[0]}`, `zygote${tags}.node`);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(options.binaries, file), to);
  }
  cpSync(join(root, 'npm', 'THIRD-PARTY.md'), join(stage, 'prebuilds', 'THIRD-PARTY.md'));
  pack(stage, `zygote-${manifest.version}-prebuilds.tgz`);
}

/** What package.json's `files` names, with a manifest that has nothing that is of use in the repository only. */
function stageMain(name, more) {
  const stage = join(staging, name);
  files ??= npm(root, 'pack', '--dry-run', '--json')[0].files;
  for (const { path } of files) {
    mkdirSync(dirname(join(stage, path)), { recursive: true });
    cpSync(join(root, path), join(stage, path));
  }
  writeFileSync(join(stage, 'docs', 'api.md'), apiReference());
  const { scripts: _, devDependencies: __, ava: ___, imports: ____, files: _____, ...published } = manifest;
  writeManifest(stage, { ...published, ...more });
  return stage;
}

function writeManifest(stage, content) {
  const repository = options.repository && { repository: { type: 'git', url: options.repository } };
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify({ ...content, ...repository }, null, 2)}\n`);
}

/** Gives the unpacked size. */
function pack(stage, name) {
  const [{ filename, unpackedSize, size }] = npm(stage, 'pack', '--json');
  copyFileSync(join(stage, filename), join(out, name ?? filename));
  console.log(`${name ?? filename}: ${(size / 1024).toFixed(0)} KiB, unpacked ${(unpackedSize / 1024).toFixed(0)} KiB`);
  return unpackedSize;
}

function npm(cwd, ...args) {
  // Under `npm run` this is the npm that the user has called.
  const own = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined;
  const [command, ...rest] = own ? [process.execPath, own, ...args] : ['npm', ...args];
  const { status, stdout, stderr, error } = spawnSync(command, rest, {
    cwd,
    encoding: 'utf8',
    shell: !own && process.platform === 'win32',
    maxBuffer: 16 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}
