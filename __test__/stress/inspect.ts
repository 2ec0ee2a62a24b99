/** What a hung process is doing, as far as /proc tells. */
import { readdirSync, readFileSync } from 'node:fs';

export function describeThreads(pid: number): string {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'latin1').trim();
    } catch {
      return '?';
    }
  };
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return `  process ${pid} is gone`;
  }
  return threads
    .map((tid) => {
      const path = `/proc/${pid}/task/${tid}`;
      const state = /^State:\s*(.*)$/m.exec(read(`${path}/status`))?.[1] ?? '?';
      return `  ${tid} ${read(`${path}/comm`)}: ${state}, in ${read(`${path}/wchan`)}, syscall ${read(`${path}/syscall`)}`;
    })
    .join('\n');
}
