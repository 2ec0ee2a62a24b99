/** fork(2) of this process: the child has the data because it is a copy of its parent, page by page when one writes. */
import { setImmediate as nextTurnOfLoop } from 'node:timers/promises';
import { Process } from '../../process/process.js';
import { takeSteps } from '../child/steps.js';
import { tools } from '../child/tools.js';
import type { ContestantName } from '../measurement.js';
import { touch } from '../values/touch.js';
import type { Contestant } from './contestant.js';

export function fork(name: ContestantName, prepareHeap: boolean): Contestant {
  return {
    name,
    // Its report comes back over a pipe; the data does not travel.
    check: () => ({ wireBytes: 0 }),
    async run({ data }, turn) {
      turn.begin();
      const child = new Process({
        target: () => takeSteps(data, touch(data), tools),
        name: `measure ${name}`,
        daemon: true,
        prepareHeap,
      });
      turn.signal.addEventListener('abort', () => child.isAlive && child.kill());
      await child.start();
      const { result } = child;
      // A turn, so that what the parent does after the fork, before it waits for events again, counts too.
      await nextTurnOfLoop();
      turn.handedOver();
      try {
        return await result;
      } finally {
        await child.join();
        child.close();
      }
    },
  };
}
