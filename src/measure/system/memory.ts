import { native } from '../../native/binding.js';
import type { MemorySample } from '../measurement.js';

/** The memory of this process as the kernel counts it. In a thread: of the whole process. */
export function sampleMemory(): MemorySample {
  const { rss, pss, privateDirty } = native().processMemory(process.pid);
  return { rss, pss, privateDirty };
}

/** What was added since a sample was taken. */
export function growth(since: MemorySample, sample: MemorySample): MemorySample {
  return {
    rss: sample.rss - since.rss,
    pss: sample.pss - since.pss,
    privateDirty: sample.privateDirty - since.privateDirty,
  };
}

/**
 * Gives memory that malloc keeps for later back to the system. Else a thread that takes a large block would find the one
 * that the thread before has left, and the process would not grow.
 */
export function releaseFreeMemory(): void {
  (native() as ReturnType<typeof native> & { releaseFreeMemory(): void }).releaseFreeMemory();
}
