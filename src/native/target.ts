/** The name of this machine's build of the addon, for example `linux-x64-gnu`. `.ci/setup.mjs` names it likewise. */
import { closeSync, openSync, readSync } from 'node:fs';

export function nativeTarget(): string {
  return `${process.platform}-${process.arch}${abi()}`;
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
