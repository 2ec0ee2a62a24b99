// Runs the tests of the crates that there are on a system.
//
//   node .ci/crates.mjs [ARGUMENT OF CARGO TEST…]
//
// Those of forks are programs with a `main` of their own, and no libtest in them. It can be left out of no program, so cargo has
// to be told which ones can be built.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ALL = ['--workspace', '--exclude=zygote-addon'];

/** What cargo is to be called with, once for each; for another system than Linux, macOS and Windows as for Linux. */
export function testsOn(platform) {
  switch (platform) {
    case 'darwin':
      return [
        [...ALL, '--exclude=zygote-forkall'],
        ['--package=zygote-forkall', '--lib'],
      ];
    case 'win32':
      return [[...ALL, '--lib', '--test=tether', '--test=windows']];
    default:
      return [ALL];
  }
}

if (process.argv[1] === import.meta.filename) {
  for (const args of testsOn(process.platform)) {
    const options = { cwd: join(import.meta.dirname, '..'), stdio: 'inherit' };
    const { status, error } = spawnSync('cargo', ['test', ...args, '--locked', ...process.argv.slice(2)], options);
    if (error) console.error(`cargo: ${error.message}`);
    if (status !== 0) process.exit(status ?? 1);
  }
}
