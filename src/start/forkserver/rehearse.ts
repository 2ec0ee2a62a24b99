/**
 * Goes through all that a child does until it runs its target, in the server, before anything of the user's is in it. A child then
 * finds that code compiled and its property look-ups cached: it is ready in half the time.
 */
import v8 from 'node:v8';
import { syncBuiltins } from '../../child/builtins.js';
import { sayHello, shedParent } from '../../child/forked.js';
import { rehearseIdentity } from '../../child/identity.js';
import { outcomeOf } from '../../child/life.js';
import { settleIn } from '../../child/settle-in.js';
import { replaceStandardStreams } from '../../child/standard-streams.js';
import { loadTask } from '../../child/task.js';
import { native } from '../../native/binding.js';
import { Kind } from '../../process/channel.js';
import { DescriptorLink } from '../../process/link.js';
import { countBelow } from '../../process/name.js';
import { ParentProcess } from '../../process/parent.js';
import { becomeServer } from '../../process/self.js';
import { pickle } from '../../transfer/pickle.js';
import { inheritStartMethod } from '../method.js';
import { takePlace } from '../environment.js';
import { placeOf, readSetup, setupOf, writeSetup } from '../setup.js';

/** As often as V8 needs to see a function to take note of what it meets. */
const TIMES = 20;

/** What the target of the rehearsal is. */
export function nothing(): void {
  // Only that it can be found.
}

/** Call it once, first thing in the server. */
export async function rehearse(): Promise<void> {
  // What has not run for some garbage collections would have to be compiled again, in each child.
  v8.setFlagsFromString('--no-flush-bytecode');
  rehearseIdentity();
  const [own, childs] = native().socketPair();
  const keep = [own, childs];
  for (let time = 0; time < TIMES; time++) {
    const [owners, link] = [new DescriptorLink(own), new DescriptorLink(childs)];
    const setup = { ...setupOf('forkserver', 'rehearsal', false), place: placeOf({}, {}) };
    owners.report(Kind.setup, writeSetup(setup));
    owners.report(Kind.task, pickle({ target: nothing, args: [] }));
    sayHello(link);
    owners.receive(Kind.hello);
    const received = readSetup(link.receive(Kind.setup) ?? []);
    const task = link.receive(Kind.task) ?? [];
    await shedParent({ keep, keepWorkers: false, inputFollows: false, singleThreaded: false });
    replaceStandardStreams([undefined, 1, 2]);
    syncBuiltins('process', 'http', 'https');
    settleIn(received, new ParentProcess(process.ppid, '', link));
    takePlace(setup.place);
    const { kind, message } = await outcomeOf(async () => (await loadTask(task, []))());
    link.report(kind, message);
    owners.receive(kind);
  }
  for (const descriptor of keep) native().closeDescriptor(descriptor);
  // What a child would be is forgotten.
  becomeServer();
  countBelow('forkserver');
  inheritStartMethod('forkserver');
}
