import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A function that does a full garbage collection of this isolate, whatever options Node was started with. */
export function collector(): () => void {
  if (globalThis.gc) return globalThis.gc as () => void;
  // The flag adds `gc` to the contexts that are made from now on; only this one shall have it.
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
