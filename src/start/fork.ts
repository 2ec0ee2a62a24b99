/** The start method `fork`: the child is made at the bottom of the event loop, where no JavaScript is running. */
import { internals } from '../child/internals.js';
import { ZygoteError } from '../errors.js';
import { native } from '../native/binding.js';
import { runAfterInParent, runBefore } from './atfork.js';
import { forkOptions } from './options.js';
import { assertForkable, type ForkStrategy } from './strategy.js';

/** How a process is to be forked. */
export interface ForkRequest {
  strategy?: ForkStrategy | undefined;
  /** Descriptors that the child keeps. */
  keep: number[];
  /** Called in the parent right before the fork. */
  prepare?: (() => void) | undefined;
  /** Longest time to wait until nothing of this process is in flight in libuv's thread pool; ms. */
  drainTimeout: number;
  /** Called in the child, with an empty stack. */
  child: () => void;
}

/** What the parent gets. */
export interface ForkedChild {
  pid: number;
  /** A descriptor of the child, or -1. */
  pidfd: number;
}

/** Forks in the next turn of the event loop. Resolves in the parent; the child goes on in `request.child` instead. */
export function forkAtLoopBase(request: ForkRequest): Promise<ForkedChild> {
  return new Promise((resolve, reject) => {
    assertForkable();
    const options = forkOptions(request.strategy, true, request.keep);
    // Found in the parent, once, so that no child has to look.
    internals();
    const deadline = performance.now() + request.drainTimeout;
    let prepared = false;
    const ready = (): boolean => {
      if (requestsInFlight().length > 0) {
        if (performance.now() < deadline) return false;
        throw inFlightError(request.drainTimeout);
      }
      request.prepare?.();
      runBefore();
      prepared = true;
      return true;
    };
    native().forkAtLoopBase(options, ready, (error, forked) => {
      if (forked?.pid === 0) {
        request.child();
        return;
      }
      try {
        if (prepared) runAfterInParent(forked?.pid ?? -1);
      } catch (hookError) {
        reject(hookError as Error);
        return;
      }
      if (forked) resolve(forked);
      else reject(error ?? new ZygoteError('ERR_ZYGOTE_FORK_FAILED', 'fork failed'));
    });
  });
}

/** Requests that do not use the thread pool: their descriptors are severed in the child, so they never complete there. */
const ON_CONNECTIONS = new Set([
  'PipeConnectWrap',
  'ShutdownWrap',
  'TCPConnectWrap',
  'UDPSendWrap',
  'WriteWrap',
  'LibuvStreamWrap',
  'TLSWrap',
  'JSStream',
]);

/**
 * Requests in libuv's thread pool (files, DNS, compression, cryptography), by the names that
 * `process.getActiveResourcesInfo()` has for them. In a child they would complete a second time, and go on with what the
 * parent's code meant to do next.
 */
function requestsInFlight(): string[] {
  const count = native().activeRequests();
  if (count === 0) return [];
  const names = process.getActiveResourcesInfo().filter((name) => /Req|Wrap$|Job/.test(name));
  const inPool = names.filter((name) => /Req/.test(name));
  const onConnections = names.filter((name) => ON_CONNECTIONS.has(name)).length;
  // Compression and cryptography are counted by libuv only.
  const unnamed = count - onConnections - inPool.length;
  return unnamed > 0 ? [...inPool, ...Array<string>(unnamed).fill('compression, cryptography or other work')] : inPool;
}

function inFlightError(waited: number): ZygoteError {
  const counts = new Map<string, number>();
  for (const name of requestsInFlight()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const list = [...counts].map(([name, count]) => `${name} × ${count}`).join(', ');
  return new ZygoteError(
    'ERR_ZYGOTE_REQUESTS_IN_FLIGHT',
    `requests are in flight in the thread pool and did not end within ${waited} ms (${list}): the child would complete ` +
      'them a second time. Await them before start(), or give a longer drainTimeout',
  );
}
