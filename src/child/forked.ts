/** A clone becomes a child of `Process`: it lets go of all that is its parent's, then runs what it is for. */
import { Kind } from '../process/channel.js';
import { DescriptorLink } from '../process/link.js';
import { countBelow } from '../process/name.js';
import { ParentProcess } from '../process/parent.js';
import { disownChildren } from '../process/reaper.js';
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

/** What a clone is to be. */
export interface Forked {
  name: string;
  daemon: boolean;
  method: StartMethod;
  parent: { pid: number; name: string };
  keepWorkers: boolean;
  /** Descriptors that were asked for. */
  keep: number[];
  /** The child's end of the channel. */
  channel: number;
  /** In place of the standard streams; undefined leaves one as it is. */
  stdio: (number | undefined)[];
  singleThreaded: boolean;
}

/**
 * Runs `target` in this clone and ends it. Called with an empty stack, first thing in the child. `target` is called with
 * nothing of the parent's left, and may be asynchronous.
 */
export function runForked(forked: Forked, target: () => unknown): void {
  const link = new DescriptorLink(forked.channel);
  let parent: ParentProcess;
  let workersEnded: Promise<void> | undefined;
  try {
    ({ parent, workersEnded } = becomeChild(forked, link));
  } catch (error) {
    try {
      link.report(Kind.thrown, pickleThrown(error));
    } catch {
      // The parent is gone.
    }
    // Not the usual way: the parent's listeners may still be there.
    native().exitNow(THROWN);
    return;
  }
  live(forked.name, link, parent, async () => {
    runAfterInChild();
    // In any case not in the callback that the fork ended in: from here on all is as in any other process.
    await workersEnded;
    return target();
  });
}

function becomeChild(
  forked: Forked,
  link: DescriptorLink,
): { parent: ParentProcess; workersEnded: Promise<void> | undefined } {
  adoptIdentity();
  disownChildren();
  forgetChildren(false);
  dropInheritedTimers();
  // Before the handles are let go: only those that keep the loop alive can be listed.
  const workersEnded = forked.keepWorkers ? undefined : endInheritedWorkers(!forked.singleThreaded);
  dropParentsThings([...forked.keep, forked.channel], forked.stdio[0] !== undefined);
  replaceStandardStreams(forked.stdio);
  syncBuiltins('process', 'http', 'https');
  if (forked.singleThreaded) endWithoutThreads();
  countBelow(forked.name);
  inheritStartMethod(forked.method);
  const parent = new ParentProcess(forked.parent.pid, forked.parent.name, link, () => {
    if (forked.daemon) native().exitNow(THROWN);
  });
  becomeProcess({ name: forked.name, daemon: forked.daemon, method: forked.method, parent });
  if (forked.daemon) dieWithParent(parent);
  return { parent, workersEnded };
}
