/**
 * `npm run bench`: what fork() costs above the kernel's own clone(2) of the same process, side by side, at several heap
 * sizes. Each size is measured in a process of its own with a clean environment; the two take turns.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { native } from '#dist/native/binding';
import { collectGarbage } from '#dist/memory/heap';
import { _exit, fork, waitpid } from 'zygote/posix';

const SIZES = [50, 200, 1000]; // MB resident
const ROUNDS = 40;

const size = process.argv[2];
if (size === undefined) {
  console.log(`fork() against clone(2), Node ${process.version}, ${ROUNDS} rounds a size, medians in ms`);
  console.log('resident MB |  clone(2) |   fork() | difference');
  for (const megabytes of SIZES) {
    spawnSync(process.execPath, ['--max-old-space-size=4096', fileURLToPath(import.meta.url), String(megabytes)], {
      stdio: 'inherit',
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    });
  }
} else {
  await measure(Number(size));
}

async function measure(megabytes: number): Promise<void> {
  const held = fill(megabytes);
  collectGarbage();
  const clones: number[] = [];
  const forks: number[] = [];
  for (let round = -3; round < ROUNDS; round++) {
    await everyday();
    const clone = native().rawClone() / 1000;
    await everyday();
    const start = performance.now();
    const pid = fork();
    if (pid === 0) _exit(0);
    const took = performance.now() - start;
    await waitpid(pid);
    if (round < 0) continue;
    clones.push(clone);
    forks.push(took);
  }
  const resident = process.memoryUsage.rss() / 1e6;
  const [clone, whole] = [median(clones), median(forks)];
  const columns = [resident.toFixed(0).padStart(11), clone.toFixed(2).padStart(9), whole.toFixed(2).padStart(8)];
  console.log(`${columns.join(' | ')} | ${(whole - clone).toFixed(2).padStart(10)}`);
  if (held.length < 0) console.log(held);
}

/** Objects until the process is that large. */
function fill(megabytes: number): object[][] {
  const held: object[][] = [];
  while (process.memoryUsage.rss() < megabytes * 1e6) {
    held.push(Array.from({ length: 10_000 }, (_, index) => ({ index, text: `value ${index}`, next: index + 0.5 })));
  }
  return held;
}

/** Some of what a program does between forks: after each, the pages that are written are copied. */
async function everyday(): Promise<void> {
  const garbage = Array.from({ length: 20_000 }, (_, index) => ({ index }));
  await new Promise((resolve) => setTimeout(resolve, 2 + (garbage.length % 2)));
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
