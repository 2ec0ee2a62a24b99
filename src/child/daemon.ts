/** A daemon ends with its parent, whatever ends that. */
import { native } from '../native/binding.js';
import type { ParentProcess } from '../process/parent.js';

/** Has this process killed when its parent ends. Where the system cannot, the end of the channel tells it. */
export function dieWithParent(parent: ParentProcess): void {
  try {
    // It may be another one's child: a forkserver's, or of who has come after the parent.
    if (process.ppid === parent.pid && native().dieWithParent(parent.pid)) return;
  } catch {
    // Not on this system.
  }
  parent.watch();
}
