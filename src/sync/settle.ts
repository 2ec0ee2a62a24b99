/** Waiting for shared objects, with and without the event loop. */
import { ZygoteError } from '../errors.js';
import type { BindingOutcome, SharedWait } from '../native/binding.js';
import { listen } from '../process/aborts.js';
import { assertWaitable, type WaitOptions } from '../process/waiting.js';
import { addWait, openWaits, removeWait, type Waiting } from './waits.js';

/** What a wait that blocks its thread takes. */
export interface SyncWaitOptions {
  /** Milliseconds; undefined waits for ever. */
  timeout?: number | undefined;
}

/** Longer timeouts than a timer takes are as good as none. */
const LONGEST_TIMER = 2 ** 31;

/**
 * What the wait ended with; undefined after the timeout. Has its place among those who wait when this returns.
 *
 * @throws the signal's reason, and what the object refuses.
 */
export function settle(wait: SharedWait, options: WaitOptions = {}): Promise<BindingOutcome | undefined> {
  const { timeout, signal } = options;
  return new Promise((resolve, reject) => {
    assertWaitable(options);
    signal?.throwIfAborted();
    openWaits();
    let timer: NodeJS.Timeout | undefined;
    let hush: (() => void) | undefined;
    let over = false;
    const finish = () => {
      over = true;
      removeWait(entry);
      clearTimeout(timer);
      hush?.();
    };
    const look = () => {
      if (over) return;
      try {
        const outcome = wait.look();
        if (outcome === null) return;
        finish();
        resolve(outcome);
      } catch (error) {
        finish();
        reject(zygoteError(error));
      }
    };
    const giveUp = (settleWith: () => void) => {
      look();
      if (over) return;
      wait.cancel();
      finish();
      settleWith();
    };
    const onAbort = () => giveUp(() => reject(signal?.reason as Error));
    const entry: Waiting = { token: wait.token, look };
    look();
    if (over) return;
    if (timeout === 0) {
      giveUp(() => resolve(undefined));
      return;
    }
    addWait(entry);
    hush = signal && listen(signal, onAbort);
    if (timeout !== undefined && timeout < LONGEST_TIMER) {
      timer = setTimeout(() => giveUp(() => resolve(undefined)), timeout);
    }
  });
}

/** The same in this thread, with nothing else going on in it. */
export function block(wait: SharedWait, options: SyncWaitOptions = {}): BindingOutcome | undefined {
  assertWaitable(options);
  return refusing(() => wait.block(options.timeout) ?? undefined);
}

/** What `act` gives; what the addon throws becomes a ZygoteError. */
export function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw zygoteError(error);
  }
}

function zygoteError(error: unknown): Error {
  const { code, message } = error as { code?: unknown; message: string };
  if (error instanceof ZygoteError || typeof code !== 'string' || !code.startsWith('ERR_ZYGOTE_'))
    return error as Error;
  return new ZygoteError(code, message, { cause: error });
}
