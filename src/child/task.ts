/** From the message that tells a child what to run to the function that runs it. */
import { ZygoteError } from '../errors.js';
import { setBootstrapping } from '../process/self.js';
import type { Task } from '../start/starter.js';
import { type Pickled, unpickle } from '../transfer/pickle.js';

/** Imports what the task needs. The function returned runs it. */
export async function loadTask(segments: Uint8Array[], descriptors: number[]): Promise<() => unknown> {
  setBootstrapping(true);
  const { target, args, subclass } = await imported({ segments, descriptors });
  setBootstrapping(false);
  if (!subclass) return () => (target as (...args: unknown[]) => unknown)(...args);
  // Only here: most children need nothing of it.
  const { Process } = await import('../process/process.js');
  const options = typeof target === 'function' ? { target: target as () => unknown } : {};
  const process = Process.revive(subclass.Class as typeof Process, options, subclass.fields);
  return () => process.run(...args);
}

/** A missing main guard is what its message says, not that the module could not be imported because of it. */
async function imported(message: Pickled): Promise<Task> {
  try {
    return (await unpickle(message)) as Task;
  } catch (error) {
    const { cause } = error as Error;
    throw cause instanceof ZygoteError && cause.code === 'ERR_ZYGOTE_BOOTSTRAPPING' ? cause : error;
  }
}
