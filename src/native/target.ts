/** The name of this machine's build of the addon, for example `linux-x64-gnu`. `.ci/setup.mjs` names it likewise. */
import { closeSync, openSync, readSync } from 'node:fs';

/** There is a package for each of them: see `npm/`. */
export const PREBUILT: readonly string[] = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
];

export function nativeTarget(): string {
  return `${process.platform}-${process.arch}${abi()}`;
}

/** What npm and node-gyp-build call the C library of this process; empty but for Linux. */
export function libc(): 'glibc' | 'musl' | '' {
  if (process.platform !== 'linux') return '';
  return isMusl() ? 'musl' : 'glibc';
}

function abi(): string {
  if (process.platform === 'win32') return '-msvc';
  if (process.platform !== 'linux') return '';
  return isMusl() ? '-musl' : '-gnu';
}

/** An ELF program names its dynamic loader, which comes with the C library, near its beginning. A report of Node's takes 100 times longer. */
function isMusl(): boolean {
  const beginning = Buffer.alloc(4096);
  try {
    const fd = openSync('/proc/self/exe', 'r');
    try {
      readSync(fd, beginning);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
  return beginning.includes('/ld-musl-');
}
