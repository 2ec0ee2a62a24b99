// arm64 on another processor.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/targets.mjs';
import { Skip } from './row.mjs';

const PACKAGES = ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'];

/** What to put before a command; nothing on arm64 itself. */
export async function underQemu(row) {
  if (process.arch === 'arm64') return [];
  if (!existsSync('/usr/bin/qemu-aarch64-static') || !existsSync('/usr/aarch64-linux-gnu/lib/libstdc++.so.6')) {
    if (process.getuid() !== 0) throw new Skip(`needs apt-get install ${PACKAGES.join(' ')}`);
    await row.run('apt-get', ['update', '-qq']);
    await row.run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES]);
  }
  return [join(root, '.ci', 'matrix', 'arm64.sh')];
}
