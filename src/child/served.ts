/** A clone of a forkserver waits for what it is to be, and becomes it. */
import { native } from '../native/binding.js';
import { Kind } from '../process/channel.js';
import { DescriptorLink } from '../process/link.js';
import { takePlace } from '../start/environment.js';
import type { Assignment } from '../start/forkserver/protocol.js';
import { readSetup } from '../start/setup.js';
import { runAs, sayHello, shedParent } from './forked.js';
import { takeArguments } from './settle-in.js';
import { loadTask } from './task.js';

/** What a clone needs of the server. */
export interface CloneOptions {
  /** The clone's end of a socket pair: the assignment comes by it. */
  assignments: number;
  /** The socket by which the owner is told of the clone, unless it is the server's own child. */
  announcements: number | undefined;
  singleThreaded: boolean;
}

/** Called with an empty stack, first thing in the clone. */
export function serve({ assignments, announcements, singleThreaded }: CloneOptions): void {
  try {
    // So that it is reaped, whatever becomes of the server.
    if (announcements !== undefined) announce(announcements);
    const workersEnded = shedParent({ keep: [assignments], keepWorkers: false, inputFollows: false, singleThreaded });
    if (workersEnded) void workersEnded.then(() => receive(assignments, singleThreaded));
    else receive(assignments, singleThreaded);
  } catch {
    native().exitNow(1);
  }
}

function announce(fd: number): void {
  const message = { kind: 'waiting', pid: native().processId() };
  try {
    native().writeAll(fd, Buffer.from(`${JSON.stringify(message)}\n`));
  } catch {
    // The owner is gone, and who comes after it reaps.
  }
  native().closeDescriptor(fd);
}

/** Waits, with nothing else to do, and goes on with what has come. */
function receive(assignments: number, singleThreaded: boolean): void {
  let received = native().receiveMessage(assignments);
  while (!received) {
    native().waitReadable(assignments);
    received = native().receiveMessage(assignments);
  }
  const [channel, ...others] = received.descriptors;
  // The server is gone, and nobody needs this clone.
  if (channel === undefined) native().exitNow(0);
  take(assignments);
  const { stdio } = JSON.parse(received.bytes.toString()) as Assignment;
  const standard = stdio.map((isGiven) => (isGiven ? others.shift() : undefined));
  become(channel as number, standard, others, singleThreaded);
}

/** Says that the assignment is this clone's now: should it have died before, another one gets it. */
function take(assignments: number): void {
  try {
    native().writeAll(assignments, Buffer.of(1));
  } catch {
    // The server is gone, and the owner will see the hello.
  }
  native().closeDescriptor(assignments);
}

function become(channel: number, stdio: (number | undefined)[], descriptors: number[], singleThreaded: boolean): void {
  const link = new DescriptorLink(channel);
  // From here on the owner knows which child this is, whatever becomes of the server.
  sayHello(link);
  const first = link.receive(Kind.setup);
  const message = first && link.receive(Kind.task);
  // The owner is gone: nobody waits for anything.
  if (!first || !message) return native().exitNow(1);
  const setup = readSetup(first);
  runAs({ ...setup, stdio, singleThreaded }, link, async () => {
    takeArguments(setup);
    if (setup.place) takePlace(setup.place);
    const run = await loadTask(message, descriptors);
    return run();
  });
}
