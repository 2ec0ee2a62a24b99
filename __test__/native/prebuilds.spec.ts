import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { findPrebuild } from '#dist/native/prebuilds';

const { platform, arch } = process;
const { modules: abi, uv } = process.versions;
const libc = platform === 'linux' ? 'glibc' : '';
const host = { platform, arch, libc, abi, uv: uv.split('.')[0] ?? '' };

/** What node-gyp-build takes, as on glibc. */
const resolve = (() => {
  const before = process.env['LIBC'];
  process.env['LIBC'] = 'glibc';
  try {
    return (createRequire(import.meta.url)('node-gyp-build') as { path(folder: string): string }).path;
  } finally {
    if (before === undefined) delete process.env['LIBC'];
    else process.env['LIBC'] = before;
  }
})();

const here = `${platform}-${arch}`;
const bundles: Record<string, string[]> = {
  'by the C library': [`${here}/a.glibc.node`, `${here}/a.musl.node`],
  'with no C library named': [`${here}/a.node`],
  'one that says more over one that says less': [`${here}/a.node`, `${here}/a.napi.node`, `${here}/a.node.napi.node`],
  'for this ABI over Node-API': [`${here}/a.napi.node`, `${here}/a.abi${abi}.node`],
  'not for another ABI': [`${here}/a.abi1.node`, `${here}/a.napi.node`],
  'not for Electron': [`${here}/electron.napi.node`, `${here}/node.napi.node`],
  'not for another libuv': [`${here}/a.uv0.node`, `${here}/a.uv${host.uv}.node`],
  'for several architectures': [`${platform}-${arch}+other/a.node`],
  'for one architecture over several': [`${platform}-${arch}+other/a.node`, `${here}/b.node`],
  'not for another system': ['other-arch/a.node'],
  'not in a folder with another kind of name': [`${here}-more/a.node`, `${platform}/a.node`],
  'no file of another kind': [`${here}/a.so`],
  'nothing in a folder without builds': [],
};

for (const [title, files] of Object.entries(bundles)) {
  test(`a bundle is searched as node-gyp-build does: ${title}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'zygote-prebuilds-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    for (const file of files) {
      mkdirSync(join(folder, 'prebuilds', file, '..'), { recursive: true });
      writeFileSync(join(folder, 'prebuilds', file), '');
    }
    let expected;
    try {
      expected = resolve(folder);
    } catch {
      // It throws where there is none.
    }
    t.is(findPrebuild(join(folder, 'prebuilds'), host), expected);
  });
}

test('the build for musl is taken where that is the C library', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zygote-prebuilds-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'linux-x64'));
  for (const name of ['a.glibc.node', 'a.musl.node']) writeFileSync(join(folder, 'linux-x64', name), '');
  const musl = findPrebuild(folder, { ...host, platform: 'linux', arch: 'x64', libc: 'musl' });
  t.is(musl, join(folder, 'linux-x64', 'a.musl.node'));
});
