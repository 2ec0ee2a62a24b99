/** What the packages for the systems say of themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { PREBUILT } from '#dist/native/target';
import { VERSION } from '#dist/version';
import { root } from './helpers/project.js';

const folders = readdirSync(join(root, 'npm'), { withFileTypes: true }).filter((entry) => entry.isDirectory());

interface Manifest {
  name: string;
  version: string;
  main: string;
  os: string[];
  cpu: string[];
  libc?: string[];
  engines: { node: string };
}

const manifestIn = (...path: string[]) =>
  JSON.parse(readFileSync(join(root, ...path, 'package.json'), 'utf8')) as Manifest;

test('there is a package for each system that the loader knows', (t) => {
  t.deepEqual(folders.map(({ name }) => name).toSorted(), PREBUILT.toSorted());
});

for (const target of PREBUILT) {
  test(`the package for ${target} has the version of all, and is installed on that system only`, (t) => {
    const manifest = manifestIn('npm', target);
    const [platform, arch, abi] = target.split('-');
    const libc = { gnu: ['glibc'], musl: ['musl'] }[abi ?? ''];
    t.like(manifest, {
      name: `zygote-${target}`,
      version: VERSION,
      main: `zygote.${target}.node`,
      os: [platform],
      cpu: [arch],
    });
    t.deepEqual(manifest.libc, libc);
    t.deepEqual(manifest.engines, manifestIn().engines);
  });
}

test('the crates have the same version', (t) => {
  t.is(/^version = "(.+?)"/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1], VERSION);
});
