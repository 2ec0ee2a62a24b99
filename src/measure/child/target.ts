/** What a child runs that is a `Process`. It tells its parent by messages, and waits to be ended. */
import type { Queue } from '../../channel/queue.js';
import type { SharedMemory, SharedMemoryMode } from '../../memory/shared-memory.js';
import type { ParentProcess } from '../../process/parent.js';
import { parentProcess } from '../../process/self.js';
import type { ChildMessage } from './protocol.js';
import { receive } from './receive.js';
import type { Extent } from './steps.js';

/** With `forkserver` and `spawn`: the data is an argument. */
export async function receiveArgument(data: unknown, extent: Extent): Promise<never> {
  const parent = parentProcess() as ParentProcess;
  await receive(data, extent, (message: ChildMessage) => void parent.send(message));
  return stay();
}

/** The data comes by a queue. */
export async function receiveQueued(queue: Queue, extent: Extent): Promise<never> {
  return receiveArgument(await queue.get(), extent);
}

/** The data is in memory that the parent has too. */
export async function receiveMemory(memory: SharedMemory<SharedMemoryMode> | null, extent: Extent): Promise<never> {
  return receiveArgument(memory && new Uint8Array(memory.buffer), extent);
}

/** Until the parent ends this process, or has ended itself. */
export async function stay(): Promise<never> {
  await parentProcess()?.join();
  process.exit();
}
