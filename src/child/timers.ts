/** A child of `Process` runs none of its parent's timers and immediates. */
import { createHook } from 'node:async_hooks';
import { internals, type TimerInternals } from './internals.js';

/** Fields of `immediateInfo`. */
const COUNT = 0;
const REF_COUNT = 1;
const HAS_OUTSTANDING = 2;

/** Call it in the child before anything of the user's. */
export function dropInheritedTimers(): void {
  const { timers } = internals();
  if (!timers) {
    silenceInherited();
    return;
  }
  const { timerListMap, timerListQueue, immediateQueue, immediateInfo, timeoutInfo } = timers;
  let refed = 0;
  for (const timer of inherited(timers)) {
    // As after `clearTimeout`: to clear it again changes no count, and `refresh` starts it anew.
    timer._destroyed = true;
    if ('_onImmediate' in timer && timer.hasRef()) refed++;
    if (isNodesOwn(timer._onTimeout)) timer._onTimeout();
  }
  for (const duration of Object.keys(timerListMap)) delete timerListMap[duration];
  while (timerListQueue.peek()) timerListQueue.shift();
  immediateQueue.head = null;
  immediateQueue.tail = null;
  immediateInfo[COUNT] = 0;
  // Node has immediates of its own, which no list shows: they are counted here too, and will count down.
  immediateInfo[REF_COUNT] = (immediateInfo[REF_COUNT] ?? 0) - refed;
  immediateInfo[HAS_OUTSTANDING] = 0;
  timeoutInfo?.fill(0);
  // One round of each brings what Node keeps besides (the next expiry, which handles keep the loop alive) in line.
  setTimeout(() => {}, 1);
  setImmediate(() => {});
}

/**
 * Whether Node itself has something under way for the next phase of the event loop, such as the answer to a DNS query, whose
 * callback would be called in a child as well. No list shows it, but Node counts it together with the immediates.
 */
export function hasNativeImmediates(): boolean {
  const { timers } = internals();
  const counted = timers?.immediateInfo[REF_COUNT] ?? 0;
  if (!timers || counted === 0) return false;
  let listed = 0;
  for (const immediate of immediatesOf(timers)) if (immediate.hasRef()) listed++;
  return counted > listed;
}

interface InheritedTimer {
  _destroyed: boolean;
  _idleNext?: InheritedTimer | null;
  _onTimeout?: unknown;
  hasRef(): boolean;
}

/** The timers and immediates that are waiting. */
function* inherited(timers: TimerInternals): Generator<InheritedTimer> {
  for (const list of Object.values(timers.timerListMap) as InheritedTimer[]) {
    // A ring that the list itself is part of.
    for (let timer = list._idleNext; timer && timer !== list; timer = timer._idleNext) yield timer;
  }
  yield* immediatesOf(timers);
}

function* immediatesOf({ immediateQueue }: TimerInternals): Generator<InheritedTimer> {
  for (let immediate = immediateQueue.head as InheritedTimer | null | undefined; immediate;) {
    yield immediate;
    immediate = immediate._idleNext;
  }
}

/** Node forgets the text of the HTTP header `Date` by a timer, once a second: without it the header would stand still. */
function isNodesOwn(callback: unknown): callback is () => void {
  if (typeof callback !== 'function' || callback.name !== 'resetCache') return false;
  return /^function resetCache\(\) \{\s*(utc\w+ = undefined;\s*)+\}$/.test(Function.prototype.toString.call(callback));
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
      if (typeof resource._onTimeout === 'function' && !isNodesOwn(resource._onTimeout)) {
        clearTimeout(resource as unknown as NodeJS.Timeout);
        resource._onTimeout = nothing;
      }
      if (typeof resource._onImmediate === 'function') resource._onImmediate = nothing;
    },
  }).enable();
  setImmediate(nothing);
}
