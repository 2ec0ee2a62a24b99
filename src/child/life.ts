/** The life of a child: runs its target, tells the parent what came of it, and ends. The same for every start method. */
import { Kind } from '../process/channel.js';
import type { ParentLink } from '../process/link.js';
import type { ParentProcess } from '../process/parent.js';
import { type Pickling, pickling } from '../process/pickling.js';
import { isSimple, writeSimple } from '../process/simple.js';
import type { Pickled } from '../transfer/pickle.js';
import { exit, flushOutput } from './exit.js';

/** Exit code of a child whose target threw. */
export const THROWN = 1;
/** Exit code of a child with nothing left to do whose target's promise is pending: Node's own for an unsettled `await`. */
const NEVER_SETTLED = 13;

interface Outcome {
  kind: Kind;
  message: Pickled;
}

let resort: (() => boolean) | undefined;

/** `resort` is called when nothing is left that could settle the target; true if it has found something. */
export function onNothingLeft(hook: () => boolean): void {
  resort = hook;
}

/** Runs `target` and ends the process. In the next turn at the earliest. */
export function live(name: string, link: ParentLink, parent: ParentProcess, target: () => unknown): void {
  const own = process.pid;
  let reported = false;
  const report = async ({ kind, message }: Outcome): Promise<void> => {
    // A clone that the target makes of itself with `fork` comes by here as well: it has nothing to tell this parent.
    if (reported || process.pid !== own) return;
    reported = true;
    try {
      await link.report(kind, message);
    } catch {
      // The parent is gone, or has closed the process: nobody is left to tell.
    }
  };
  process.on('beforeExit', () => {
    // Once what the target has left behind is done, and if nothing new came of it.
    if (reported || resort?.()) return;
    process.exitCode = NEVER_SETTLED;
    const tell = ({ pickleThrown }: Pickling) =>
      report({ kind: Kind.thrown, message: pickleThrown(neverSettled(name)) });
    const loaded = pickling();
    // At once where that is possible: others listen too, and may end the process.
    void (loaded instanceof Promise ? loaded.then(tell) : tell(loaded)).then(() => exit(NEVER_SETTLED));
  });
  void outcomeOf(target).then(async (outcome) => {
    // Its own messages first: they go out when the parent takes them.
    await parent.flush();
    await report(outcome);
    await flushOutput();
    exit(outcome.kind === Kind.thrown ? THROWN : undefined);
  });
}

/** Never rejects. */
export async function outcomeOf(target: () => unknown): Promise<Outcome> {
  try {
    const value = await target();
    if (value === undefined) return { kind: Kind.result, message: writeSimple([]) };
    if (isSimple(value)) return { kind: Kind.result, message: writeSimple([value]) };
    const { pickle } = await pickling();
    return { kind: Kind.result, message: pickle(value) };
  } catch (error) {
    return thrown(error);
  }
}

async function thrown(error: unknown): Promise<Outcome> {
  try {
    const { pickleThrown } = await pickling();
    return { kind: Kind.thrown, message: pickleThrown(error) };
  } catch {
    // Nothing can be loaded any more, as when the target has left no descriptor.
    const words =
      error instanceof Error ? `${error.name}: ${error.message}` : 'something that cannot be transferred now';
    return { kind: Kind.thrown, message: writeSimple([words]) };
  }
}

function neverSettled(name: string): Error {
  return new Error(
    `the target of ${name} never settled: nothing is left in the child that it could wait for. ` +
      "A promise, timer or connection of the parent's does not go on in a child",
  );
}
