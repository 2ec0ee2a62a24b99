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

/** An ELF program names its dynamic loader, which comes with the C library. A report of Node's takes 100 times longer. */
function isMusl(): boolean {
  try {
    const fd = openSync('/proc/self/exe', 'r');
    try {
      return interpreterOf(fd).includes('/ld-musl-');
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

const INTERPRETER = 3;

/** Empty for a program that has none. See https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html. */
function interpreterOf(fd: number): string {
  const beginning = bytesAt(fd, 0, 4096);
  const [headers, size, count] = [
    beginning.readBigUInt64LE(32),
    beginning.readUInt16LE(54),
    beginning.readUInt16LE(56),
  ];
  for (let index = 0; index < count; index++) {
    const at = Number(headers) + index * size;
    if (beginning.readUInt32LE(at) !== INTERPRETER) continue;
    return bytesAt(
      fd,
      Number(beginning.readBigUInt64LE(at + 8)),
      Number(beginning.readBigUInt64LE(at + 32)),
    ).toString();
  }
  return '';
}

function bytesAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, offset);
  return bytes;
}
