/** A daemon ends with its parent, whatever ends that. */
import { native } from '../native/binding.js';
import type { ParentProcess } from '../process/parent.js';

/** Has this process killed when its parent ends. Where the system cannot, the end of the channel tells it. */
export function dieWithParent(parent: ParentProcess): void {
  let inTime;
  try {
    inTime = native().dieWithParent(parent.pid);
  } catch {
    // Not on this system.
    parent.watch();
    return;
  }
  if (!inTime) native().exitNow(1);
}
