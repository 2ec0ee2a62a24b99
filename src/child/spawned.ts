/** The main module of a process that the start method `spawn` has started. */
import { DescriptorLink, type ParentLink, StreamLink } from '../process/link.js';
import { Kind } from '../process/channel.js';
import { ParentProcess } from '../process/parent.js';
import { CHANNEL, readSetup } from '../start/setup.js';
import { dieWithParent } from './daemon.js';
import { live } from './life.js';
import { settleIn } from './settle-in.js';
import { replaceStandardStreams } from './standard-streams.js';
import { loadTask } from './task.js';

void main(process.platform === 'win32' ? new StreamLink(CHANNEL) : new DescriptorLink(CHANNEL));

async function main(link: ParentLink): Promise<void> {
  const first = await link.receive(Kind.setup);
  // The parent is gone: nobody waits for anything.
  if (!first) process.exit(1);
  const setup = readSetup(first);
  const parent = new ParentProcess(setup.parent.pid, setup.parent.name, link, () => {
    if (setup.daemon) process.exit(1);
  });
  settleIn(setup, parent);
  const task = await link.receive(Kind.task);
  if (!task) process.exit(1);
  // Only now: it may take the channel over.
  if (setup.daemon) dieWithParent(parent);
  live(setup.name, link, parent, async () => {
    const run = await loadTask(task, setup.descriptors);
    if (setup.stderr !== undefined) takeStandardError(setup.stderr);
    return run();
  });
}

/** Until here the parent has listened in. */
function takeStandardError(fd: number): void {
  // Where descriptors cannot be put in place of each other it goes on listening.
  if (process.platform === 'win32') return;
  replaceStandardStreams([undefined, undefined, fd]);
}
