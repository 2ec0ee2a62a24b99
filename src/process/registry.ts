/** The children of this process that are running. */
import type { Process } from './process.js';

type AnyProcess = Process<never[], unknown>;

const active = new Set<AnyProcess>();

/** Children that have been started and have not ended, in the order of their start. */
export function activeChildren(): AnyProcess[] {
  return [...active];
}

export function noteStarted(child: AnyProcess): void {
  active.add(child);
}

export function noteEnded(child: AnyProcess): void {
  active.delete(child);
}

/** In a forked child: none of them is its own. */
export function forgetChildren(): void {
  for (const child of active) child.abandon();
  active.clear();
}
