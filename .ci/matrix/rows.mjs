// The rows. Each has a name that begins with the package it is about, says what it does, and runs.
import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { testsOn } from '../crates.mjs';
import { root } from '../package/targets.mjs';
import { fetchNode, fetchMuslNode, NODES } from './nodes.mjs';
import { Skip } from './row.mjs';
import { ADDON, ON_ARM64, QEMU_CANNOT } from './specs.mjs';
import { underQemu } from './qemu.mjs';

const LINE = Object.keys(NODES);

export const rows = [
  ...LINE.map((line) => ({
    name: `linux-x64-gnu/node-${line}`,
    what: `all tests on Node ${NODES[line]}`,
    run: async (row) => {
      if (!isLinux('x64')) throw new Skip('needs Linux on x64 with glibc');
      return row.ava(await fetchNode(row, 'linux-x64', line), row.options.quick ? ADDON : []);
    },
  })),
  {
    name: 'linux-x64-gnu/release',
    what: 'the addon as it is published, linked for glibc 2.17: inspected, and tests of it on the newest Node',
    run: async (row) => {
      if (!isLinux('x64')) throw new Skip('needs Linux on x64 with glibc');
      await release(row, 'linux-x64-gnu');
      const node = await fetchNode(row, 'linux-x64', LINE.at(-1));
      return using('linux-x64-gnu', () => row.ava(node, ADDON));
    },
  },
  {
    name: 'linux-x64-musl/node',
    what: 'the addon for musl: inspected, and tests of it on a Node that was built for musl',
    run: async (row) => {
      if (!isLinux('x64')) throw new Skip('needs Linux on x64');
      await release(row, 'linux-x64-musl');
      const node = await fetchMuslNode(row);
      return using('linux-x64-musl', () => row.ava(node, ADDON));
    },
  },
  ...['24', '22'].map((line) => ({
    name: `linux-arm64-gnu/node-${line}`,
    what: `the addon for arm64: inspected, and tests of it on Node ${NODES[line]}, under qemu`,
    run: async (row) => {
      if (process.platform !== 'linux') throw new Skip('needs Linux');
      await release(row, 'linux-arm64-gnu');
      const wrapper = await underQemu(row);
      const node = await fetchNode(row, 'linux-arm64', line);
      await using('linux-arm64-gnu', () => row.ava(node, ON_ARM64, { wrapper, flags: ['--timeout=15m'] }));
      row.note(`not under qemu: ${QEMU_CANNOT}`);
    },
  })),
  {
    name: 'linux-arm64-musl/build',
    what: 'the addon for musl on arm64: built and inspected',
    run: async (row) => {
      if (process.platform !== 'linux') throw new Skip('needs Linux');
      await release(row, 'linux-arm64-musl');
      row.note('built and inspected only: there is no Node for it here');
    },
  },
  {
    name: 'win32-x64-msvc/wine',
    what: 'what runs on Windows, by node.exe under wine, with an addon of the GNU flavour',
    run: async (row) => {
      if (process.platform !== 'linux' || process.getuid() !== 0)
        throw new Skip('needs Linux, and root for the system that wine is in');
      const output = await row.run(join(root, '.ci', 'windows', 'test'), [], { mayFail: true });
      // Its closing lines once more sum up what AVA has said.
      row.count(output.slice(0, output.lastIndexOf('\n\n') + 1));
    },
  },
  ...[
    ['darwin-arm64', 'aarch64-apple-darwin'],
    ['darwin-x64', 'x86_64-apple-darwin'],
    ['win32-x64-msvc', 'x86_64-pc-windows-msvc'],
    ['win32-arm64-msvc', 'aarch64-pc-windows-msvc'],
  ].map(([target, triple]) => ({
    name: `${target}/check`,
    what: `every crate, and the tests that there are, compiled for ${triple}, but not linked`,
    run: async (row) => {
      await row.run('bash', [join(root, '.ci', 'windows', 'std.sh'), triple]);
      const check = ['check', '--locked', `--target=${triple}`];
      await row.run('cargo', [...check, '--workspace']);
      for (const tests of testsOn(target.split('-')[0])) await row.run('cargo', [...check, '--profile=test', ...tests]);
      row.passed();
      row.note(`compiled only: tests need ${target.startsWith('darwin') ? 'a Mac' : 'Windows'}`);
    },
  })),
  {
    name: 'packages',
    what: 'what the rows above have built is packed, and the bundle of all of it',
    run: async (row) => {
      const released = join(root, '.build', 'release');
      if (!existsSync(released)) throw new Skip('no row has built an addon');
      await row.run(process.execPath, [
        '.ci/package/pack.mjs',
        `--binaries=${released}`,
        '--bundle',
        '--out',
        join(root, '.build', 'packages'),
      ]);
      row.passed();
    },
  },
];

/** Builds and inspects. */
async function release(row, target) {
  const output = await row.run(process.execPath, ['.ci/package/build.mjs', target]);
  const path = output.trim().split('\n').at(-1);
  row.note((await row.run(process.execPath, ['.ci/package/inspect.mjs', path])).trim());
  row.passed();
}

/** Tests find what was built for release where they find what was built for them. */
async function using(target, test) {
  const file = `zygote.${target}.node`;
  const [own, kept] = [join(root, 'dist', 'native', file), join(root, '.build', 'matrix', file)];
  if (existsSync(own)) renameSync(own, kept);
  copyFileSync(join(root, '.build', 'release', file), own);
  try {
    return await test();
  } finally {
    rmSync(own);
    if (existsSync(kept)) renameSync(kept, own);
  }
}

function isLinux(arch) {
  return process.platform === 'linux' && process.arch === arch;
}
