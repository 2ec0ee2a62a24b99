// Builds addons as they are published, into .build/release/.
//
//   node .ci/package/build.mjs [TARGET…]       # as in npm/; this system's if none is given
//
// Those for Linux are linked by zig, which has the symbols of every glibc, so that they need none that is newer than 2.17,
// wherever they are built; and has musl. Others are built on their own system.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cache } from './cache.mjs';
import { GLIBC, inspect } from './inspect.mjs';
import { root, targets } from './targets.mjs';

export const released = join(root, '.build', 'release');

/** From PyPI: zig as a package, and what makes cargo use it. */
const ZIG = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1'];

const SUFFIXES = { linux: ['lib', '.so'], darwin: ['lib', '.dylib'], win32: ['', '.dll'] };

/** The path of a build that is what its name says. What the tools print goes where `stdio` says. */
export function build(target, stdio = 'inherit') {
  const wanted = targets.find((each) => each.target === target);
  if (!wanted) throw new Error(`there is no target ${target}: ${targets.map((each) => each.target).join(', ')}`);
  const { triple, file, manifest } = wanted;
  const run = (command, args, env = {}) => {
    const { status, error } = spawnSync(command, args, { cwd: root, stdio, env: { ...process.env, ...env } });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
  };
  const cargo = ['--release', '--locked', '--package=zygote-addon'];
  const [system] = manifest.os;
  if (spawnSync('rustup', ['target', 'add', triple], { stdio }).status !== 0) {
    run('bash', [join(root, '.ci', 'windows', 'std.sh'), triple]);
  }
  if (system === 'linux') {
    const env = { PATH: [...zig(run), process.env.PATH].join(delimiter) };
    const floor = manifest.libc.includes('glibc') ? `.${GLIBC.join('.')}` : '';
    run('cargo-zigbuild', ['zigbuild', ...cargo, `--target=${triple}${floor}`], env);
  } else {
    run('cargo', ['build', ...cargo, `--target=${triple}`], { MACOSX_DEPLOYMENT_TARGET: '11.0' });
  }
  const [prefix, suffix] = SUFFIXES[system];
  const built = join(
    process.env.CARGO_TARGET_DIR ?? join(root, 'target'),
    triple,
    'release',
    `${prefix}zygote_addon${suffix}`,
  );
  mkdirSync(released, { recursive: true });
  copyFileSync(built, join(released, file));
  const { problems } = inspect(join(released, file));
  if (problems.length > 0) throw new Error(`${file}: ${problems.join('; ')}`);
  return join(released, file);
}

/** Folders to be in PATH; none where the tools are there already. */
function zig(run) {
  if (spawnSync('cargo-zigbuild', ['--version']).status === 0) return [];
  const venv = join(cache(), 'zig');
  if (!existsSync(join(venv, 'complete'))) {
    run('python3', ['-m', 'venv', '--clear', venv]);
    run(join(venv, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...ZIG]);
    mkdirSync(join(venv, 'complete'));
  }
  return [join(venv, 'bin')];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const asked = process.argv.slice(2);
  for (const target of asked.length > 0
    ? asked
    : [`${process.platform}-${process.arch}${{ linux: '-gnu', win32: '-msvc' }[process.platform] ?? ''}`]) {
    try {
      console.log(build(target));
    } catch (error) {
      console.error(`build: ${error.message}`);
      process.exit(1);
    }
  }
}
