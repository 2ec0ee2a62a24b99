/** A clone becomes a child of `Process`: it lets go of all that is its parent's, then runs what it is for. */
import { Kind } from '../process/channel.js';
import { DescriptorLink } from '../process/link.js';
import { countBelow } from '../process/name.js';
import { ParentProcess } from '../process/parent.js';
import { disownChildren } from '../process/reaper.js';
import { forgetWaits } from '../process/inherited.js';
import { forgetChildren } from '../process/registry.js';
import { becomeProcess } from '../process/self.js';
import { native } from '../native/binding.js';
import { runAfterInChild } from '../start/atfork.js';
import { inheritStartMethod, type StartMethod } from '../start/method.js';
import { pickleThrown } from '../transfer/pickle.js';
import { syncBuiltins } from './builtins.js';
import { dieWithParent } from './daemon.js';
import { adoptIdentity } from './identity.js';
import { live, THROWN } from './life.js';
import { dropParentsThings } from './parents-things.js';
import { endWithoutThreads } from './single-threaded.js';
import { replaceStandardStreams } from './standard-streams.js';
import { dropInheritedTimers } from './timers.js';
import { endInheritedWorkers } from './workers.js';

/** What a clone lets go of. */
export interface Shedding {
  /** Descriptors that stay. */
  keep: number[];
  keepWorkers: boolean;
  /** Standard input gets another descriptor later; else it is made empty. */
  inputFollows: boolean;
  singleThreaded: boolean;
}

/** What a clone is to be. */
export interface Becoming {
  name: string;
  daemon: boolean;
  method: StartMethod;
  parent: { pid: number; name: string };
  /** In place of the standard streams; undefined leaves one as it is. */
  stdio: (number | undefined)[];
  singleThreaded: boolean;
}

/** Runs `target` in this clone and ends it. Called with an empty stack, first thing in the child. */
export function runForked(shedding: Shedding, becoming: Becoming, channel: number, target: () => unknown): void {
  const link = new DescriptorLink(channel);
  let workersEnded: Promise<void> | undefined;
  try {
    workersEnded = shedParent({ ...shedding, keep: [...shedding.keep, channel] });
    // From here on a signal is this process's.
    sayHello(link);
  } catch (error) {
    end(link, error);
    return;
  }
  runAs(becoming, link, async () => {
    await workersEnded;
    return target();
  });
}

/** Lets go of all that is the parent's. What is given is to be waited for before anything of the user's runs. */
export function shedParent({ keep, keepWorkers, inputFollows, singleThreaded }: Shedding): Promise<void> | undefined {
  adoptIdentity();
  disownChildren();
  forgetChildren(false);
  forgetWaits();
  dropInheritedTimers();
  // Before the handles are let go: only those that keep the loop alive can be listed.
  const workersEnded = keepWorkers ? undefined : endInheritedWorkers(!singleThreaded);
  dropParentsThings(keep, inputFollows);
  if (singleThreaded) endWithoutThreads();
  return workersEnded;
}

/** Runs `target`, which may be asynchronous, as what the clone is to be, and ends the process. */
export function runAs(becoming: Becoming, link: DescriptorLink, target: () => unknown): void {
  let parent: ParentProcess;
  try {
    parent = become(becoming, link);
  } catch (error) {
    end(link, error);
    return;
  }
  live(becoming.name, link, parent, async () => {
    runAfterInChild();
    return target();
  });
}

function become(
  { name, daemon, method, parent: { pid, name: parentName }, stdio }: Becoming,
  link: DescriptorLink,
): ParentProcess {
  replaceStandardStreams(stdio);
  syncBuiltins('process', 'http', 'https');
  countBelow(name);
  inheritStartMethod(method);
  const parent = new ParentProcess(pid, parentName, link, () => {
    if (daemon) native().exitNow(THROWN);
  });
  becomeProcess({ name, daemon, method, parent });
  if (daemon) dieWithParent(parent);
  return parent;
}

/** Tells the parent of this process, if it is still there. */
export function sayHello(link: DescriptorLink): void {
  try {
    link.report(Kind.hello, { segments: [Buffer.from(String(native().processId()))], descriptors: [] });
  } catch {
    // A child may outlive its parent.
  }
}

function end(link: DescriptorLink, error: unknown): void {
  try {
    link.report(Kind.thrown, pickleThrown(error));
  } catch {
    // The parent is gone.
  }
  // Not the usual way: the parent's listeners may still be there.
  native().exitNow(THROWN);
}
