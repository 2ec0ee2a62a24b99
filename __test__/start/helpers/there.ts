import { readFileSync } from 'node:fs';

/** Whether the process is there, and not only as a zombie, where the system tells. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !'ZX'.includes(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0] ?? 'X');
  } catch {
    return process.platform !== 'linux';
  }
}
