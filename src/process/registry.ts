/** The children of this process that are starting or running. */
import type { Process } from './process.js';

type AnyProcess = Process<never[]>;

const active = new Set<AnyProcess>();

/** Children that have been started and have not ended, in the order of their start. */
export function activeChildren(): AnyProcess[] {
  return [...active].filter((child) => child.isAlive);
}

export function noteStarted(child: AnyProcess): void {
  active.add(child);
}

export function noteEnded(child: AnyProcess): void {
  active.delete(child);
}

/** In a forked child: none of them is its own. `tell` rejects what waits for a start: for a child that goes on with that code. */
export function forgetChildren(tell: boolean): void {
  for (const child of active) child.abandon(tell);
  active.clear();
}
