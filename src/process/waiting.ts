/** Waits with a timeout and a signal, the same way everywhere. */
import { listen } from './aborts.js';
import { ZygoteError } from '../errors.js';

/** Every wait takes these. */
export interface WaitOptions {
  /** Milliseconds; undefined waits for ever. */
  timeout?: number | undefined;
  /** Aborting it rejects the wait with its reason. What is waited for goes on. */
  signal?: AbortSignal | undefined;
}

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function assertWaitable({ timeout }: WaitOptions): void {
  if (timeout === undefined || timeout >= 0) return;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    `timeout must be a number of milliseconds, not ${String(timeout)}`,
  );
}

/** The value, or undefined after the timeout. */
export async function waitFor<T>(promise: Promise<T>, options: WaitOptions = {}): Promise<T | undefined> {
  assertWaitable(options);
  const { timeout, signal } = options;
  if (timeout === undefined && !signal) return promise;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const done = () => {
      clearTimeout(timer);
      hush?.();
    };
    const onAbort = () => {
      done();
      reject(signal?.reason as Error);
    };
    const hush = signal && listen(signal, onAbort);
    // Longer timeouts than a timer takes are as good as none.
    if (timeout !== undefined && timeout < 2 ** 31) {
      timer = setTimeout(() => {
        done();
        resolve(undefined);
      }, timeout);
    }
    promise.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        reject(error);
      },
    );
  });
}
