/** A `Queue` that the child has been started with: the data is put into it, and taken out there. */
import { Queue } from '../../channel/queue.js';
import { Process } from '../../process/process.js';
import type { StartMethod } from '../../start/method.js';
import { receiveQueued } from '../child/target.js';
import type { Contestant } from './contestant.js';
import { follow, pickledSize, startServer } from './process.js';

/** Room for what goes with the data. */
const ROOM = 1 << 20;

export function queue(method: StartMethod): Contestant {
  let bytes = 0;
  return {
    name: `queue-${method}`,
    check({ data }) {
      const fitness = pickledSize(data);
      if ('wireBytes' in fitness) bytes = fitness.wireBytes;
      return fitness;
    },
    ...(method === 'forkserver' && { prepare: startServer }),
    async start({ data }, turn) {
      using from = new Queue({ maxBytes: bytes + ROOM });
      turn.begin();
      const { extent } = turn;
      const child = await follow(
        new Process({ target: receiveQueued, args: [from, extent], method, daemon: true }),
        turn,
      );
      await from.put(data);
      return child;
    },
  };
}
