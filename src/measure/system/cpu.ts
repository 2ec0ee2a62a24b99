/** CPU time, in milliseconds. */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

export interface Cpu {
  user: number;
  system: number;
}

/** Of this process, all threads. */
export function processCpu(): Cpu {
  const { user, system } = process.cpuUsage();
  return { user: user / 1000, system: system / 1000 };
}

/** Of a child: of its process, or of the thread that it is. */
export function ownCpu(): Cpu {
  return isMainThread ? processCpu() : threadCpu();
}

/** Node 24 knows it; before, Linux has the sum alone, which is taken for the program's. */
function threadCpu(): Cpu {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => Cpu };
  if (threadCpuUsage) {
    const { user, system } = threadCpuUsage.call(process);
    return { user: user / 1000, system: system / 1000 };
  }
  try {
    const [nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
    return { user: Number(nanoseconds) / 1e6, system: 0 };
  } catch {
    // All of it stays the process's, and so the parent's.
    return { user: 0, system: 0 };
  }
}

export function cpuSince(before: Cpu, now: Cpu): Cpu {
  return { user: now.user - before.user, system: now.system - before.system };
}
