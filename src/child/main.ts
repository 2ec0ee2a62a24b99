/** The life of a child of `Process`, from the fork to its end. */
import { countBelow } from '../process/name.js';
import { Kind, writeNow } from '../process/channel.js';
import { ParentProcess, setParent } from '../process/parent.js';
import { disownChildren } from '../process/reaper.js';
import { forgetChildren } from '../process/registry.js';
import { native } from '../native/binding.js';
import { runAfterInChild } from '../start/atfork.js';
import { serializeThrown } from '../transfer/errors.js';
import { serialize } from '../transfer/values.js';
import { exit, flushOutput } from './exit.js';
import { adoptIdentity } from './identity.js';
import { dropParentsThings } from './parents-things.js';
import { endWithoutThreads } from './single-threaded.js';
import { dropInheritedTimers } from './timers.js';
import { endInheritedWorkers } from './workers.js';

/** What a child is to do. */
export interface ChildTask {
  name: string;
  target: (...args: never[]) => unknown;
  args: readonly unknown[];
  daemon: boolean;
  keepWorkers: boolean;
  env: Record<string, string> | undefined;
  cwd: string | undefined;
  /** Descriptors that were asked for. */
  keep: number[];
  /** The child's end of the channel. */
  channel: number;
  /** Process id of the parent. */
  parent: number;
  singleThreaded: boolean;
}

/** Exit code of a child whose target threw. */
const THROWN = 1;
/** Exit code of a child with nothing left to do whose target's promise is pending: Node's own for an unsettled `await`. */
const NEVER_SETTLED = 13;

/** Runs the task and ends the process. Called with an empty stack, first thing in the child. */
export function runChild(task: ChildTask): void {
  const own = native().processId();
  let reported = false;
  const report = (kind: Kind, body: Uint8Array): void => {
    // A clone that the target makes of itself with `fork` comes by here as well: it has nothing to tell this parent.
    if (reported || native().processId() !== own) return;
    reported = true;
    try {
      writeNow(task.channel, kind, body);
    } catch {
      // The parent is gone, or has closed the process: nobody is left to tell.
    }
  };
  const fail = (error: unknown, code: number): void => {
    report(Kind.thrown, serializeThrown(error));
    exit(code);
  };
  let parent: ParentProcess;
  let workersEnded: Promise<void> | undefined;
  try {
    ({ parent, workersEnded } = becomeChild(task));
  } catch (error) {
    report(Kind.thrown, serializeThrown(error));
    // Not the usual way: the parent's listeners may still be there.
    native().exitNow(THROWN);
    return;
  }
  try {
    process.on('beforeExit', () => {
      // Once what the target has left behind is done, and if nothing new came of it.
      if (!reported) fail(neverSettled(task.name), NEVER_SETTLED);
    });
    runAfterInChild();
  } catch (error) {
    fail(error, THROWN);
    return;
  }
  void outcome(task, workersEnded).then(async ({ kind, body }) => {
    // Its own messages first: they go out when the parent takes them.
    await parent.flush();
    report(kind, body);
    await flushOutput();
    exit(kind === Kind.thrown ? THROWN : undefined);
  });
}

interface Outcome {
  kind: Kind;
  body: Uint8Array;
}

/** Runs the target. Never rejects. */
async function outcome(task: ChildTask, workersEnded: Promise<void> | undefined): Promise<Outcome> {
  try {
    // In any case not in the callback that the fork ended in: from here on all is as in any other process.
    await workersEnded;
    return { kind: Kind.result, body: serialize(await task.target(...(task.args as never[]))) };
  } catch (error) {
    return { kind: Kind.thrown, body: serializeThrown(error) };
  }
}

function becomeChild(task: ChildTask): { parent: ParentProcess; workersEnded: Promise<void> | undefined } {
  adoptIdentity();
  disownChildren();
  forgetChildren(false);
  dropInheritedTimers();
  // Before the handles are let go: only those that keep the loop alive can be listed.
  const workersEnded = task.keepWorkers ? undefined : endInheritedWorkers(!task.singleThreaded);
  dropParentsThings([...task.keep, task.channel]);
  if (task.singleThreaded) endWithoutThreads();
  countBelow(task.name);
  const parent = new ParentProcess(task.parent, task.channel, () => {
    if (task.daemon) native().exitNow(1);
  });
  setParent(parent);
  if (task.daemon) dieWithParent(task, parent);
  if (task.env) replaceEnvironment(task.env);
  if (task.cwd !== undefined) process.chdir(task.cwd);
  return { parent, workersEnded };
}

/** The real one, which Workers and C libraries read as well. */
function replaceEnvironment(env: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name];
  Object.assign(process.env, env);
}

function dieWithParent(task: ChildTask, parent: ParentProcess): void {
  try {
    if (!native().dieWithParent(task.parent)) native().exitNow(1);
  } catch {
    // Not on this system: the end of the channel tells it.
    parent.watch();
  }
}

function neverSettled(name: string): Error {
  return new Error(
    `the target of ${name} never settled: nothing is left in the child that it could wait for. ` +
      "A promise, timer or connection of the parent's does not go on in a child",
  );
}
