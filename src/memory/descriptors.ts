/** Descriptors that stand for the same kernel object in a forked child as in its parent. */
import { native } from '../native/binding.js';

/**
 * From now on a fork of this process leaves the descriptor as it is, be it a raw one, one of `Process` or of a forkserver. Else a child
 * gets event and timer descriptors of its own, and in a `Process` also sockets and pipes are severed. Regular files, and so
 * shared memory, need it not.
 *
 * Holds for all threads of the process, and in its clones. Counts how often it was called for the number.
 */
export function shareDescriptor(fd: number): void {
  native().shareDescriptor(fd);
}

/** Takes it back: before the descriptor is closed, or another one that gets the number would be shared. */
export function unshareDescriptor(fd: number): void {
  native().unshareDescriptor(fd);
}
