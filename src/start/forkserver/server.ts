/** The main module of a forkserver: preloads modules, then makes a clone of itself for each request. */
import { runServed } from '../../child/served.js';
import { replaceStandardStreams } from '../../child/standard-streams.js';
import { collectGarbage } from '../../memory/heap.js';
import { native } from '../../native/binding.js';
import { OwnChild } from '../../process/reaper.js';
import { becomeServer, setBootstrapping } from '../../process/self.js';
import { pickleThrown } from '../../transfer/pickle.js';
import { forkAtLoopBase } from '../loop-base.js';
import { Control } from './control.js';
import { type PreloadError, preload } from './preload.js';
import { rehearse } from './rehearse.js';
import { CONTROL, type Reply, type Request, type ServerTask, STDERR } from './protocol.js';

interface Waiting {
  request: Request & { kind: 'fork' };
  descriptors: number[];
}

const task = JSON.parse(process.argv.splice(2, 1)[0] ?? '') as ServerTask;
/** Not a child of this process, but of its owner, who can then wait for it whatever becomes of this process. */
const sibling = !task.singleThreaded;
becomeServer();
let control: Control<Request>;
const waiting: Waiting[] = [];
let forking = false;
let preloaded: string[] = [];

void begin();

async function begin(): Promise<void> {
  await rehearse();
  process.title = 'zygote forkserver';
  // The owner decides what Ctrl-C means, and this process ends with the owner.
  process.on('SIGINT', () => {});
  control = new Control<Request>(CONTROL, receive, () => process.exit());
  try {
    setBootstrapping(true);
    preloaded = await preload(task);
    setBootstrapping(false);
  } catch (error) {
    const { module, cause } = error as PreloadError;
    say({ kind: 'failed', module, error: encode(cause) });
    process.exit(1);
  }
  replaceStandardStreams([undefined, undefined, STDERR]);
  // So that no child moves, and so copies, what is still young.
  collectGarbage();
  say({ kind: 'ready' });
}

function receive(request: Request, descriptors: number[]): void {
  if (request.kind === 'preloaded') {
    say({ kind: 'preloaded', id: request.id, modules: preloaded });
    return;
  }
  waiting.push({ request, descriptors: descriptors.splice(0, request.descriptors) });
  void forkAll();
}

async function forkAll(): Promise<void> {
  if (forking) return;
  forking = true;
  for (let next = waiting.shift(); next; next = waiting.shift()) await forkOne(next);
  forking = false;
}

async function forkOne({ request, descriptors }: Waiting): Promise<void> {
  const { id, stdio } = request;
  const [channel, ...others] = descriptors as [number, ...number[]];
  const standard = stdio.map((isGiven) => (isGiven ? others.shift() : undefined));
  const served = { channel, stdio: standard, task: others };
  try {
    const { pid, pidfd } = await forkAtLoopBase({
      keep: descriptors,
      sibling,
      drainTimeout: 10_000,
      child: () => {
        for (const other of waiting.splice(0)) other.descriptors.forEach((fd) => native().closeDescriptor(fd));
        runServed(served, task.singleThreaded);
      },
    });
    say({ kind: 'forked', id, pid });
    if (sibling) {
      if (pidfd >= 0) native().closeDescriptor(pidfd);
    } else {
      void new OwnChild(pid, pidfd).ended.then((status) => say({ kind: 'ended', pid, ...status }));
    }
  } catch (error) {
    say({ kind: 'refused', id, error: encode(error) });
  } finally {
    for (const descriptor of descriptors) native().closeDescriptor(descriptor);
  }
}

function say(reply: Reply): void {
  try {
    control.send(reply);
  } catch {
    // The owner is gone, and so will this process be.
  }
}

function encode(error: unknown): string {
  return Buffer.concat(pickleThrown(error).segments).toString('base64');
}
