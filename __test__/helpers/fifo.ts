import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a FIFO; its folder is removed when the process that made it exits. */
export function mkfifo(): string {
  const folder = mkdtempSync(join(tmpdir(), 'zygote-fifo-'));
  const maker = process.pid;
  process.on('exit', () => {
    if (process.pid === maker) rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}
