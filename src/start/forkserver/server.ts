/** The main module of a forkserver: preloads modules, then makes a clone of itself for each request. */
import { serve } from '../../child/served.js';
import { replaceStandardStreams } from '../../child/standard-streams.js';
import { ZygoteError } from '../../errors.js';
import { collectGarbage } from '../../memory/heap.js';
import { native, type ReadableWatcher } from '../../native/binding.js';
import { OwnChild } from '../../process/reaper.js';
import { setBootstrapping } from '../../process/self.js';
import { pickleThrown } from '../../transfer/pickle.js';
import { forkAtLoopBase } from '../loop-base.js';
import { Control, LOST } from './control.js';
import { type PreloadError, preload } from './preload.js';
import { rehearse } from './rehearse.js';
import { type Assignment, CONTROL, type Reply, type Request, type ServerTask, STDERR } from './protocol.js';

interface Waiting {
  request: Request & { kind: 'fork' };
  descriptors: number[];
  /** A clone was given it, and died before it took it. */
  wasRefused?: boolean;
}

/** A clone that waits for what it is to be. */
interface Clone {
  pid: number;
  /** The server's end of the socket pair by which it is told. */
  assignments: number;
}

const task = JSON.parse(process.argv.splice(2, 1)[0] ?? '') as ServerTask;
/** Not a child of this process, but of its owner, who can then wait for it whatever becomes of this process. */
const sibling = !task.singleThreaded;
// For this process only.
process.execArgv = process.execArgv.filter((flag) => flag !== '--experimental-import-meta-resolve');

let control: Control<Request>;
const waiting: Waiting[] = [];
/** Those that are being served: no clone has said yet that it has taken them. With what lets go of the wait for that. */
const untaken = new Map<Waiting, () => void>();
let announcements: number | undefined;
/** Made ahead, so that a start need not wait for a fork. */
let spare: Clone | undefined;
let busy = false;
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
  if (sibling) announcements = native().duplicateDescriptor(CONTROL);
  say({ kind: 'ready' });
  void work();
}

function receive(request: Request, descriptors: number[]): void {
  if (request.kind === 'stop') process.exit();
  if (request.kind === 'preloaded') {
    say({ kind: 'preloaded', id: request.id, modules: preloaded });
    return;
  }
  if (descriptors[0] === LOST) {
    descriptors.shift();
    const reason = 'the forkserver could not take the descriptors of a start: it has too many open files (ulimit -n)';
    say({ kind: 'refused', id: request.id, error: encode(new ZygoteError('ERR_ZYGOTE_SYSTEM', reason)) });
    return;
  }
  waiting.push({ request, descriptors: descriptors.splice(0, request.descriptors) });
  void work();
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (;;) {
    const next = waiting.shift();
    if (next) await serveOne(next);
    // To make one takes a while, in which the answers of others could not be told.
    else if (spare || untaken.size > 0) break;
    // Should it fail, the next request will say why.
    else if (!(await prepareSpare())) break;
  }
  busy = false;
}

async function prepareSpare(): Promise<boolean> {
  try {
    spare = await makeClone();
    return true;
  } catch {
    return waiting.length > 0;
  }
}

async function serveOne(next: Waiting): Promise<void> {
  // A clone that is made for it gets its descriptors when it is told.
  untaken.set(next, () => {});
  try {
    const clone = spare ?? (await makeClone());
    spare = undefined;
    assign(clone, next);
  } catch (error) {
    untaken.delete(next);
    refuse(next, error);
  }
}

/**
 * Tells a clone what it is to be. It may have been killed while it waited, or have a signal pending that will end it: only
 * when it has answered the start has succeeded.
 */
function assign({ pid, assignments }: Clone, next: Waiting): void {
  const { request, descriptors } = next;
  const { id, stdio } = request;
  let watcher: ReadableWatcher | undefined;
  const letGo = (): void => {
    watcher?.close();
    native().closeDescriptor(assignments);
  };
  const settle = (isTaken: boolean): void => {
    untaken.delete(next);
    letGo();
    if (isTaken) {
      closeAll(descriptors);
      say({ kind: 'forked', id, pid });
    } else if (next.wasRefused) {
      refuse(next, new ZygoteError('ERR_ZYGOTE_SYSTEM', `process ${pid} was killed before it could begin`));
    } else {
      next.wasRefused = true;
      waiting.unshift(next);
    }
    void work();
  };
  const assignment: Assignment = { stdio };
  try {
    native().sendMessage(assignments, Buffer.from(JSON.stringify(assignment)), descriptors);
  } catch {
    settle(false);
    return;
  }
  watcher = new (native().ReadableWatcher)(assignments, () => {
    const isTaken = hasAnswer(assignments);
    if (isTaken !== undefined) settle(isTaken);
  });
  untaken.set(next, letGo);
}

/** Undefined if there is nothing yet; false if the other side is gone. */
function hasAnswer(fd: number): boolean | undefined {
  try {
    const received = native().receiveMessage(fd);
    return received ? received.bytes.length > 0 : undefined;
  } catch {
    return false;
  }
}

function refuse({ request, descriptors }: Waiting, error: unknown): void {
  closeAll(descriptors);
  say({ kind: 'refused', id: request.id, error: encode(error) });
}

function closeAll(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) native().closeDescriptor(descriptor);
}

async function makeClone(): Promise<Clone> {
  const [own, clones] = native().socketPair();
  const { singleThreaded } = task;
  try {
    const { pid, pidfd } = await forkAtLoopBase({
      keep: announcements === undefined ? [clones] : [clones, announcements],
      sibling,
      drainTimeout: 10_000,
      child: () => {
        // Those of others that wait.
        for (const { descriptors } of [...waiting.splice(0), ...untaken.keys()]) closeAll(descriptors);
        for (const letGo of untaken.values()) letGo();
        untaken.clear();
        native().closeDescriptor(own);
        serve({ assignments: clones, announcements, singleThreaded });
      },
    });
    if (sibling) {
      // As it does itself: either may be killed before.
      say({ kind: 'waiting', pid });
      if (pidfd >= 0) native().closeDescriptor(pidfd);
    } else {
      void new OwnChild(pid, pidfd).ended.then((status) => say({ kind: 'ended', pid, ...status }));
    }
    return { pid, assignments: own };
  } catch (error) {
    native().closeDescriptor(own);
    throw error;
  } finally {
    native().closeDescriptor(clones);
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
