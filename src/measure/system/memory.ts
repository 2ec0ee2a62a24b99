import { native } from '../../native/binding.js';
import type { MemorySample } from '../measurement.js';

/** The memory of a process, this one if none is named, as the kernel counts it. In a thread: of the whole process. */
export function sampleMemory(pid: number = process.pid): MemorySample {
  const { rss, pss, privateDirty, minorFaults } = native().processMemory(pid);
  return { rss, pss, privateDirty, faults: minorFaults };
}

/** What was added since a sample was taken. */
export function growth(since: MemorySample, sample: MemorySample): MemorySample {
  return {
    rss: sample.rss - since.rss,
    pss: sample.pss - since.pss,
    privateDirty: sample.privateDirty - since.privateDirty,
    faults: sample.faults - since.faults,
  };
}

/**
 * Gives memory that malloc keeps for later back to the system. Else a thread that takes a large block would find the one
 * that the thread before has left, and the process would not grow.
 */
export function releaseFreeMemory(): void {
  (native() as ReturnType<typeof native> & { releaseFreeMemory(): void }).releaseFreeMemory();
}
