/** Forks at the bottom of the event loop, where no JavaScript is running. */
import { AsyncResource } from 'node:async_hooks';
import { rehearseIdentity } from '../child/identity.js';
import { hasNativeImmediates } from '../child/timers.js';
import { ZygoteError } from '../errors.js';
import { native } from '../native/binding.js';
import { runAfterInParent, runBefore } from './atfork.js';
import { awaitCertificates } from './certificates.js';
import { forkOptions } from './options.js';
import { assertForkable, type ForkStrategy } from './strategy.js';

/** How a process is to be forked. */
export interface ForkRequest {
  strategy?: ForkStrategy | undefined;
  /** Descriptors that the child keeps. */
  keep: number[];
  /** The child is a child of this process's parent. */
  sibling?: boolean;
  /** Called in the parent right before the fork. */
  prepare?: (() => void) | undefined;
  /** Longest time to wait until nothing of this process is in flight in libuv's thread pool; ms. */
  drainTimeout: number;
  /** Called in the child, with an empty stack. */
  child: () => void;
}

/** A program may have something under way in every turn of the loop. */
const MOST_TURNS = 100;

/** What the parent gets. */
export interface ForkedChild {
  pid: number;
  /** A descriptor of the child, or -1. */
  pidfd: number;
}

/** The process that is about to fork, to which `waiting` belongs. */
let busyIn: number | undefined;
/** One fork after the other: none uses up the time that another one may wait. */
const waiting: (() => void)[] = [];

/** Forks in the next turn of the event loop. Resolves in the parent; the child goes on in `request.child` instead. */
export function forkAtLoopBase(request: ForkRequest): Promise<ForkedChild> {
  // What waits in a process waits there, and not in its clones.
  if (busyIn !== process.pid) waiting.length = 0;
  return new Promise<ForkedChild>((resolve, reject) => {
    const begin = (): void => {
      forkNow(request).then(
        (forked) => {
          goOn();
          resolve(forked);
        },
        (error: unknown) => {
          goOn();
          reject(error);
        },
      );
    };
    if (busyIn === process.pid) {
      // In the context of the caller, as its AsyncLocalStorage has it.
      waiting.push(AsyncResource.bind(begin));
    } else {
      busyIn = process.pid;
      begin();
    }
  });
}

function goOn(): void {
  const next = waiting.shift();
  if (next) next();
  else busyIn = undefined;
}

function forkNow(request: ForkRequest): Promise<ForkedChild> {
  return new Promise((resolve, reject) => {
    assertForkable();
    const options = {
      ...forkOptions(request.strategy, true, request.keep),
      sibling: request.sibling ?? false,
    };
    // Found in the parent, once, so that no child has to look.
    rehearseIdentity();
    awaitCertificates();
    const deadline = performance.now() + request.drainTimeout;
    // What is not yet written to these would be written by both processes.
    const shared = [1, 2, ...request.keep];
    let turns = 0;
    let awaitsAnswers = false;
    const ready = (): boolean => {
      // The first turn is free; later ones mean that the pool did not come to rest.
      if (turns++ > 0 && !awaitsAnswers && performance.now() > deadline) {
        throw inFlightError(request.drainTimeout, shared);
      }
      const resting = native().activeRequests() === 0 || !(lookingUpNames() || native().unwrittenBytes(shared) > 0);
      awaitsAnswers = resting && turns <= MOST_TURNS && hasNativeImmediates();
      return resting && !awaitsAnswers;
    };
    let prepared = false;
    const prepare = (): void => {
      request.prepare?.();
      runBefore();
      prepared = true;
    };
    native().forkAtLoopBase(options, ready, prepare, (error, forked) => {
      if (forked?.pid === 0) {
        request.child();
        return;
      }
      try {
        if (prepared) runAfterInParent(forked?.pid ?? -1);
      } catch (hookError) {
        reject(hookError);
        return;
      }
      if (forked) resolve(forked);
      else reject(error ?? new ZygoteError('ERR_ZYGOTE_FORK_FAILED', 'fork failed'));
    });
  });
}

/**
 * Whether names are being looked up. libuv keeps some threads free of that slow work, so that look-ups may still be queued
 * when all else is done.
 */
function lookingUpNames(): boolean {
  return process.getActiveResourcesInfo().some(isLookUp);
}

function isLookUp(resource: string): boolean {
  return resource === 'GetAddrInfoReqWrap' || resource === 'GetNameInfoReqWrap';
}

function inFlightError(waited: number, shared: number[]): ZygoteError {
  const unwritten = native().unwrittenBytes(shared);
  if (unwritten > 0) {
    return new ZygoteError(
      'ERR_ZYGOTE_REQUESTS_IN_FLIGHT',
      `${unwritten} bytes that this process has written to stdout, stderr or an inherited stream were not taken within ` +
        `${waited} ms: the child would write them a second time. Give a longer drainTimeout`,
    );
  }
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (/Req/.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const list = [...counts].map(([name, count]) => `${name} × ${count}`).join(', ');
  return new ZygoteError(
    'ERR_ZYGOTE_REQUESTS_IN_FLIGHT',
    `requests are in flight in libuv's thread pool and did not end within ${waited} ms ` +
      `(${list || 'compression, cryptography or other work'}): the child would complete them a second time. ` +
      'Await them before start(), or give a longer drainTimeout',
  );
}
