/**
 * Objects inside Node's own modules that a child must change, and that no public API reaches: the timer lists, the random bytes
 * that `crypto` has drawn in advance, and the list of these modules. They are looked up once, in the parent, through an inspector session
 * of this very process, which shows the scope that a function was made in. No debugger is switched on by it.
 */
import type { Session } from 'node:inspector';
import { syncBuiltinESMExports } from 'node:module';
import { native } from '../native/binding.js';
import { connect, scopeOf } from './inspect.js';

/** What is known of `lib/internal/timers.js`. */
export interface TimerInternals {
  timerListMap: Record<string, unknown>;
  timerListQueue: { peek(): unknown; shift(): unknown };
  immediateQueue: { head: unknown; tail: unknown };
  immediateInfo: Uint32Array;
  timeoutInfo: Int32Array | undefined;
}

/** Internals that were found; what is missing has a slower substitute. */
export interface Internals {
  timers: TimerInternals | undefined;
  /** Buffers of random bytes drawn in advance. */
  randomBytes: Uint8Array[];
  /** Node's own modules, by their names. */
  builtins: ReadonlyMap<string, Builtin> | undefined;
}

/** What is known of `lib/internal/bootstrap/realm.js`. */
export interface Builtin {
  /** Has ES modules that imported a name from it see the present value. */
  syncExports(): void;
}

let found: Internals | undefined;

/** Looks the internals up at the first call, which takes about 8 ms. Call it before forking: a child inherits the result. */
export function internals(): Internals {
  found ??= lookUp();
  return found;
}

/** As built in, should somebody replace it. */
export const builtinMathRandom: () => number = Math.random;

function lookUp(): Internals {
  native().findIsolateRandom(builtinMathRandom);
  const session = connect();
  if (!session) return NOTHING;
  try {
    const crypto = process.getBuiltinModule('node:crypto');
    // The buffers are made at the first use.
    crypto.randomUUID();
    crypto.randomInt(2);
    const random = scopeOf(session, crypto.randomUUID, ['randomCache', 'uuidData', 'uuidDataV7', 'uuidV7Data']);
    return {
      timers: timersFrom(session),
      randomBytes: Object.values(random).filter((value) => value instanceof Uint8Array),
      builtins: builtinsFrom(session),
    };
  } catch {
    return NOTHING;
  } finally {
    session.disconnect();
  }
}

const NOTHING: Internals = { timers: undefined, randomBytes: [], builtins: undefined };

function builtinsFrom(session: Session): Internals['builtins'] {
  const { BuiltinModule } = scopeOf(session, syncBuiltinESMExports, ['BuiltinModule']);
  const { map } = (BuiltinModule ?? {}) as { map?: ReadonlyMap<string, Builtin> };
  return map instanceof Map && typeof map.get('process')?.syncExports === 'function' ? map : undefined;
}

function timersFrom(session: Session): TimerInternals | undefined {
  const timer = setTimeout(() => {}, 1);
  clearTimeout(timer);
  const Timeout = timer.constructor as () => void;
  const scope = scopeOf(session, Timeout, [
    'timerListMap',
    'timerListQueue',
    'immediateQueue',
    'immediateInfo',
    'timeoutInfo',
  ]) as Partial<TimerInternals>;
  const { timerListMap, timerListQueue, immediateQueue, immediateInfo, timeoutInfo } = scope;
  const complete =
    typeof timerListMap === 'object' &&
    typeof timerListQueue?.peek === 'function' &&
    typeof timerListQueue.shift === 'function' &&
    typeof immediateQueue === 'object' &&
    'head' in immediateQueue &&
    immediateInfo instanceof Uint32Array;
  if (!complete) return undefined;
  return { timerListMap, timerListQueue, immediateQueue, immediateInfo, timeoutInfo };
}
