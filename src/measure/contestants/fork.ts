/** fork(2) of this process: the child has the data because it is a copy of its parent, page by page when one writes. */
import { setImmediate as nextTurnOfLoop } from 'node:timers/promises';
import { takeSteps, type ChildReport, type Tools } from '../child/steps.js';
import type { ContestantName } from '../measurement.js';
import { collector } from '../system/gc.js';
import { sampleMemory } from '../system/memory.js';
import { touch } from '../values/touch.js';
import type { Contestant } from './contestant.js';

export function fork(name: ContestantName, prepareHeap: boolean): Contestant {
  // The child inherits these as it does everything else.
  const tools: Tools = { collectGarbage: collector(), sampleMemory };
  return {
    name,
    // Its report comes back over a pipe; the data does not travel.
    check: () => ({ wireBytes: 0 }),
    async run({ data }, turn) {
      const { Process } = (await import('../../index.js')) as unknown as { Process: ProcessClass };
      turn.begin();
      const child = new Process({
        target: () => takeSteps(data, touch(data), tools),
        name: `measure ${name}`,
        daemon: true,
        prepareHeap,
      });
      turn.signal.addEventListener('abort', () => child.kill('SIGKILL'));
      await child.start();
      // A turn, so that what the parent does after the fork, before it waits for events again, counts too.
      await nextTurnOfLoop();
      turn.handedOver();
      try {
        return await child.result;
      } finally {
        await child.join();
      }
    },
  };
}

interface ProcessClass {
  new (options: { target: () => ChildReport; name: string; daemon: boolean; prepareHeap: boolean }): {
    start(): Promise<unknown>;
    readonly result: Promise<ChildReport>;
    join(): Promise<unknown>;
    kill(signal: NodeJS.Signals): void;
  };
}
