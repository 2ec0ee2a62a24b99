/** `SharedMemory`, shared or copy-on-write: the bytes are copied into it once, and the child maps them. */
import { SharedMemory, type SharedMemoryMode } from '../../memory/shared-memory.js';
import { Process } from '../../process/process.js';
import type { StartMethod } from '../../start/method.js';
import { receiveMemory } from '../child/target.js';
import { now } from '../system/clock.js';
import { bytesOf } from '../values/bytes.js';
import type { Child, Contestant, Turn } from './contestant.js';
import { follow, startServer } from './process.js';

export function memory(mode: SharedMemoryMode, method: StartMethod): Contestant {
  return {
    name: `${mode === 'shared' ? 'memory' : 'mapping'}-${method}`,
    check({ data }) {
      if (data === null || bytesOf(data) !== undefined) return { wireBytes: 0 };
      return { obstacle: 'only bytes fit into shared memory; this data would have to be encoded by hand' };
    },
    ...(method === 'forkserver' && { prepare: startServer }),
    async start({ data }, turn) {
      const source = bytesOf(data);
      if (source === undefined) return startWith(null, method, turn);
      const from = now();
      const memoryOfChild = SharedMemory.from(source, { mode });
      turn.prepared(now() - from);
      const child = await startWith(memoryOfChild, method, turn);
      return {
        ...child,
        async end() {
          await child.end();
          memoryOfChild.close();
        },
      };
    },
  };
}

function startWith(given: SharedMemory<SharedMemoryMode> | null, method: StartMethod, turn: Turn): Promise<Child> {
  turn.begin();
  const { extent } = turn;
  return follow(new Process({ target: receiveMemory, args: [given, extent], method, daemon: true }), turn);
}
