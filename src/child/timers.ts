/** A child of `Process` runs none of its parent's timers and immediates. */
import { createHook } from 'node:async_hooks';
import { internals } from './internals.js';

/** Call it in the child before anything of the user's. */
export function dropInheritedTimers(): void {
  const { timers } = internals();
  if (!timers) {
    silenceInherited();
    return;
  }
  const { timerListMap, timerListQueue, immediateQueue, immediateInfo, timeoutInfo } = timers;
  for (const duration of Object.keys(timerListMap)) delete timerListMap[duration];
  while (timerListQueue.peek()) timerListQueue.shift();
  immediateQueue.head = null;
  immediateQueue.tail = null;
  immediateInfo.fill(0);
  timeoutInfo?.fill(0);
  // One round of each brings what Node keeps besides (the next expiry, which handles keep the loop alive) in line.
  setTimeout(() => {}, 1);
  setImmediate(() => {});
}

/** Without access to the lists: every timer that is older than this child loses its callback just before it is called. */
function silenceInherited(): void {
  const nothing = () => {};
  // Ids are counted up, so a new resource's id is above all inherited ones.
  let newest = Infinity;
  createHook({
    init(asyncId) {
      newest = Math.min(newest, asyncId);
    },
    before(asyncId) {
      if (asyncId >= newest) return;
      const resource = process.getBuiltinModule('node:async_hooks').executionAsyncResource() as {
        _onTimeout?: unknown;
        _onImmediate?: unknown;
      };
      if (typeof resource._onTimeout === 'function') {
        clearTimeout(resource as unknown as NodeJS.Timeout);
        resource._onTimeout = nothing;
      }
      if (typeof resource._onImmediate === 'function') resource._onImmediate = nothing;
    },
  }).enable();
  setImmediate(nothing);
}
