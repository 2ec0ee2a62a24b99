/** What a process that forks must not gather. */
import { readdirSync, readFileSync } from 'node:fs';
import { collectGarbage } from '#dist/memory/heap';

export interface Holdings {
  descriptors: number;
  mappings: number;
  zombies: number;
  /** Megabytes of live JavaScript objects. */
  heap: number;
  /** Megabytes resident, after a full garbage collection. */
  rss: number;
}

export function holdings(): Holdings {
  collectGarbage();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'latin1').split('\n').length,
    zombies: zombies(),
    heap: Math.round(process.memoryUsage().heapUsed / 1e5) / 10,
    rss: Math.round(process.memoryUsage.rss() / 1e6),
  };
}

function zombies(): number {
  const children = readFileSync('/proc/thread-self/children', 'latin1').split(' ').filter(Boolean);
  return children.filter((pid) => {
    try {
      return /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
    } catch {
      return false;
    }
  }).length;
}
