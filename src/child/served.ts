/** A clone of a forkserver becomes the process that was asked for. */
import { native } from '../native/binding.js';
import { Kind } from '../process/channel.js';
import { DescriptorLink } from '../process/link.js';
import { takePlace } from '../start/environment.js';
import type { Setup } from '../start/setup.js';
import { unpickle } from '../transfer/pickle.js';
import { runForked } from './forked.js';
import { takeArguments } from './settle-in.js';
import { loadTask } from './task.js';

/** Descriptors that came with the request. */
export interface ServedDescriptors {
  channel: number;
  /** For 0, 1 and 2. */
  stdio: (number | undefined)[];
  task: number[];
}

/** Called with an empty stack, first thing in the clone. */
export function runServed({ channel, stdio, task }: ServedDescriptors, singleThreaded: boolean): void {
  const link = new DescriptorLink(channel);
  let setup: Setup;
  let message: Uint8Array[];
  try {
    // From here on the owner knows this process, whatever becomes of the server.
    link.report(Kind.hello, { segments: [Buffer.from(String(native().processId()))], descriptors: [] });
    const first = link.receive(Kind.setup);
    const second = first && link.receive(Kind.task);
    // The owner is gone: nobody waits for anything.
    if (!first || !second) native().exitNow(1);
    setup = unpickle({ segments: first as Uint8Array[], descriptors: [] }) as Setup;
    message = second as Uint8Array[];
  } catch {
    native().exitNow(1);
    return;
  }
  const forked = { ...setup, keepWorkers: false, keep: task, channel, stdio, singleThreaded };
  runForked(forked, async () => {
    takeArguments(setup);
    if (setup.place) takePlace(setup.place);
    const run = await loadTask(message, task);
    return run();
  });
}
