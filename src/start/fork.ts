/** The start method `fork`: the child is a clone of this process. */
import { runForked } from '../child/forked.js';
import { collectGarbage } from '../memory/heap.js';
import { descriptorsOf } from '../process/inherit.js';
import { takePassed } from '../process/inherited.js';
import { OwnChild } from '../process/reaper.js';
import { thisProcess } from '../process/self.js';
import { replaceEnvironment } from './environment.js';
import { forkAtLoopBase } from './loop-base.js';
import type { Started, StartRequest } from './starter.js';
import { forkedStreams, standardStreams } from './stdio.js';
import { forkStrategy } from './strategy.js';

export async function startFork(request: StartRequest): Promise<Started> {
  const { name, daemon, run, givenUp } = request;
  const { prepareHeap, keepWorkers, env, cwd, strategy, drainTimeout, inherit, stdio } = request.options;
  const keep = descriptorsOf(inherit ?? []);
  const singleThreaded = forkStrategy(strategy) === 'single-threaded';
  const standards = standardStreams(stdio);
  const streams = forkedStreams(standards[0] === 'ignore' ? ['inherit', ...standards.slice(1)] : standards);
  // Standard input is emptied in another way than by a descriptor in its place.
  if (standards[0] === 'inherit') keep.push(0);
  const shedding = {
    keep,
    keepWorkers: keepWorkers ?? false,
    inputFollows: streams.standard[0] !== undefined,
    singleThreaded,
  };
  const becoming = {
    name,
    daemon,
    method: 'fork',
    parent: { pid: process.pid, name: thisProcess().name },
    stdio: streams.standard,
    singleThreaded,
  } as const;
  const passed = () => takePassed([...request.task.args, ...Object.values(request.task.subclass?.fields ?? {})]);
  const target = () => {
    if (env) replaceEnvironment(env);
    if (cwd !== undefined) process.chdir(cwd);
    passed();
    return run();
  };
  let child;
  try {
    const fork = forkAtLoopBase({
      strategy,
      keep: [...keep, ...streams.descriptors],
      drainTimeout: drainTimeout ?? 2000,
      prepare: prepareHeap ? () => settle(prepareHeap) : undefined,
      child: () => runForked(shedding, becoming, streams.channel, target),
    });
    child = await Promise.race([fork, givenUp]);
  } catch (error) {
    streams.closeAll();
    throw error;
  }
  streams.closeChilds();
  return {
    handle: new OwnChild(child.pid, child.pidfd),
    channel: streams.takeChannel(),
    hearsSignals: false,
    ...streams.takeStreams(),
  };
}

function settle(prepareHeap: true | (() => void)): void {
  collectGarbage();
  if (typeof prepareHeap === 'function') prepareHeap();
}
