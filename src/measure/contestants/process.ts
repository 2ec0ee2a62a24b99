/** This package's `Process`, by each of its start methods. */
import { setImmediate as nextTurnOfLoop } from 'node:timers/promises';
import { Process } from '../../process/process.js';
import { parentProcess } from '../../process/self.js';
import { forkserver } from '../../start/forkserver.js';
import { programUrl } from '../../start/program.js';
import { pickle } from '../../transfer/pickle.js';
import { useInherited, VARIABLE } from '../child/preloaded.js';
import type { ChildMessage } from '../child/protocol.js';
import { takeSteps } from '../child/steps.js';
import { receiveArgument, stay } from '../child/target.js';
import { tools } from '../child/tools.js';
import { touch } from '../values/touch.js';
import type { ContestantName } from '../ways.js';
import type { Child, Contestant, Turn } from './contestant.js';
import { Hearing } from './hearing.js';
import { fitness } from './sizes.js';

/** fork(2) of this process: the child has the data because it is a copy of its parent, page by page when one writes. */
export function fork(name: ContestantName, prepareHeap: boolean): Contestant {
  return {
    name,
    check: () => ({ wireBytes: 0 }),
    async start({ data }, turn) {
      turn.begin();
      const { extent } = turn;
      const target = async (): Promise<never> => {
        const report = takeSteps(data, touch(data), extent, tools);
        await parentProcess()?.send({ kind: 'report', report } satisfies ChildMessage);
        return stay();
      };
      const child = await follow(new Process({ target, method: 'fork', daemon: true, prepareHeap }), turn);
      // A turn, so that what the parent does after the fork, before it waits for events again, counts too.
      await nextTurnOfLoop();
      turn.handedOver();
      return child;
    },
  };
}

/** The server has made the data itself; its clones have it from there. */
export const preloadedServer: Contestant = {
  name: 'forkserver-preloaded',
  isElsewhere: true,
  check: () => ({ wireBytes: 0 }),
  async prepare({ spec, scale }) {
    process.env[VARIABLE] = JSON.stringify({ spec, scale });
    forkserver.preload([programUrl('measure/child/preloaded').href]);
    await forkserver.start();
    delete process.env[VARIABLE];
  },
  async start(_, turn) {
    turn.begin();
    const { extent } = turn;
    return follow(new Process({ target: useInherited, args: [extent], method: 'forkserver', daemon: true }), turn);
  },
};

/** The data is an argument, which is serialized; the server has the code of the child, as a user's would. */
export const serverArgument: Contestant = {
  name: 'forkserver-args',
  check: ({ data }) => pickledSize(data),
  prepare: startServer,
  start: ({ data }, turn) => startWithArgument('forkserver', data, turn),
};

export const spawnArgument: Contestant = {
  name: 'spawn-args',
  check: ({ data }) => pickledSize(data),
  start: ({ data }, turn) => startWithArgument('spawn', data, turn),
};

let server: Promise<void> | undefined;

/** One for all ways that need it. */
export function startServer(): Promise<void> {
  if (server === undefined) {
    forkserver.preload([programUrl('measure/child/target').href]);
    server = forkserver.start();
  }
  return server;
}

function startWithArgument(method: 'forkserver' | 'spawn', data: unknown, turn: Turn): Promise<Child> {
  turn.begin();
  const { extent } = turn;
  return follow(new Process({ target: receiveArgument, args: [data, extent], method, daemon: true }), turn);
}

/** Starts it, and hears what it tells. */
export async function follow<A extends unknown[]>(child: Process<A, never>, turn: Turn): Promise<Child> {
  const hearing = new Hearing(turn);
  child.on('message', (message) => hearing.hear(message as ChildMessage));
  child.result.catch((error: unknown) => hearing.failed(error));
  turn.signal.addEventListener('abort', () => child.isAlive && child.kill());
  await child.start();
  return {
    pid: child.pid ?? 0,
    report: hearing.report,
    async end() {
      child.kill();
      await child.join();
      child.close();
    },
  };
}

/** What travels is what structured clone makes of it, with large buffers beside it. */
export function pickledSize(data: unknown): ReturnType<typeof fitness> {
  return fitness('it cannot be transferred', () =>
    pickle(data).segments.reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
}
