import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { collectGarbage } from '../../memory/heap.js';

/**
 * A full garbage collection that leaves compiled code alone. V8 throws code away that has not run during some collections.
 * Here are many more of them than in a program that does its work, so code would have to be compiled again in every turn.
 *
 * The flags are set back at once: while they differ from those that Node was built with, a new Worker cannot use the code
 * cache in the executable, and takes several milliseconds longer to start.
 */
export function settleHeap(): void {
  setFlagsFromString('--no-flush-bytecode');
  try {
    collectGarbage();
  } finally {
    setFlagsFromString('--flush-bytecode');
  }
}

const LOOK = 5; // ms
const QUIET = 500; // µs of CPU time in one look
const LONGEST = 250; // ms

/**
 * Waits until this process does nothing. V8 sweeps on other threads for a while after a collection: they would compete with
 * a child for the CPUs, and a program that has not just been made to collect garbage has no such threads.
 */
export async function untilQuiet(): Promise<void> {
  for (let waited = 0; waited < LONGEST; waited += LOOK) {
    const before = process.cpuUsage();
    await sleep(LOOK);
    const { user, system } = process.cpuUsage(before);
    if (user + system < QUIET) return;
  }
}
