/** Makes the processes of a pool's workers. */
import { Process } from '../process/process.js';
import type { StartMethod } from '../start/method.js';
import { programUrl } from '../start/program.js';
import { importModule } from '../transfer/modules.js';
import { noteReference } from '../transfer/reference.js';
import type { BoardMemory } from './board-memory.js';
import type { Functions } from './functions.js';
import type { Settings } from './options.js';
import type * as working from './working.js';
import type { WorkerSetup } from './working.js';

type Work = typeof working.work;

let loaded: Promise<Work> | undefined;

/** The function that a worker runs: apart, so that a spawned one need not load more. */
function loadWork(): Promise<Work> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Work> {
  const { href } = programUrl('pool/working');
  const { work } = (await importModule(href)) as unknown as typeof working;
  noteReference(work, { module: href, export: 'work' });
  return work;
}

/** A process that is to be started. It ends with this one, and does not keep it alive. */
export async function workerProcess(
  method: StartMethod,
  name: string,
  { initializer, initArgs, start }: Settings,
  functions: Functions,
  board?: BoardMemory,
): Promise<Process<never[]>> {
  const work = await loadWork();
  const options = { ...start, method, name, daemon: true };
  const setup: WorkerSetup = {
    ...(initializer && { initializer, initArgs }),
    ...(board && { board }),
  };
  const worker =
    method === 'fork'
      ? new Process({ ...options, target: () => work(setup, functions.inherited()) })
      : new Process({ ...options, target: work, args: Object.keys(setup).length > 0 ? [setup] : [] });
  return worker.unref() as unknown as Process<never[]>;
}
