// Publishes what pack.mjs has made: the packages of the systems first, so that the one that depends on them never comes before
// them. What the registry has already is left, so that it can be run again after it has failed half-way.
//
//   node .ci/package/publish.mjs DIR VERSION [--dry-run]
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, targets } from './targets.mjs';

const [folder, version] = process.argv.slice(2);
const dryRun = process.argv.includes('--dry-run');
const { version: own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
if (!folder || version !== own) {
  console.error(`usage: node .ci/package/publish.mjs DIR VERSION: the version in package.json is ${own}`);
  process.exit(2);
}

const names = [...targets.map(({ manifest }) => manifest.name), 'zygote'];
const missing = names.map(tarball).filter((file) => !existsSync(file));
if (missing.length > 0) fail(`missing: ${missing.join(', ')}`);

for (const name of names) {
  if (npm('view', `${name}@${version}`, 'version').stdout.trim() === version) {
    console.log(`${name}@${version} is published already`);
    continue;
  }
  const { status } = npm('publish', tarball(name), '--access=public', ...(dryRun ? ['--dry-run'] : []));
  if (status !== 0) fail(`${name} was not published`);
}

// Lost in publishing once elsewhere, and then nobody gets an addon.
if (!dryRun) {
  const published = JSON.parse(npm('view', `zygote@${version}`, 'optionalDependencies', '--json').stdout || '{}');
  const lost = targets.filter(({ manifest }) => published[manifest.name] !== version);
  if (lost.length > 0) fail(`published without ${lost.map(({ manifest }) => manifest.name).join(', ')}`);
}

function tarball(name) {
  return join(folder, `${name}-${version}.tgz`);
}

function npm(...args) {
  return spawnSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function fail(problem) {
  console.error(`publish: ${problem}`);
  process.exit(1);
}
