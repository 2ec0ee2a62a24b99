import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { releaseFreeMemory } from './memory.js';

interface Collection {
  type: 'major';
  execution: 'sync';
  flavor: 'last-resort';
}

let gc: ((collection?: Collection) => void) | undefined;

function collector(): (collection?: Collection) => void {
  if (gc === undefined) {
    // The flag adds `gc` to the contexts that are made from now on; only this one shall have it.
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as (collection?: Collection) => void;
    setFlagsFromString('--no-expose-gc');
  }
  return gc;
}

/** A full garbage collection, such as V8 does by itself from time to time. */
export function collectGarbage(): void {
  collector()();
}

/** V8 12, which is in Node 22, and newer: a collection that also gives all pages that are free back to the system. */
const LAST_RESORT: Collection | undefined =
  Number.parseInt(process.versions.v8, 10) >= 12
    ? { type: 'major', execution: 'sync', flavor: 'last-resort' }
    : undefined;

/**
 * Makes this process as if it had its data and nothing else, whatever it has done before: what one contestant leaves behind
 * (V8 keeps free pages, in Node 24 twice as many as are in use) would cost the next one time and memory.
 *
 * Compiled code is left alone. V8 throws code away that has not run during some collections; here are many more of them
 * than in a program that does its work, so code would have to be compiled again in every turn.
 *
 * The flags are set back at once: while they differ from those that Node was built with, a new Worker cannot use the code
 * cache in the executable, and takes several milliseconds longer to start.
 */
export function settleHeap(): void {
  const collect = collector();
  setFlagsFromString('--no-flush-bytecode');
  try {
    collect(LAST_RESORT);
  } finally {
    setFlagsFromString('--flush-bytecode');
  }
  releaseFreeMemory();
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
