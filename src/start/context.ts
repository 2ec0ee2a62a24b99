/** A start method with everything that depends on it. */
import { JoinableQueue, Pipe, Queue, SimpleQueue } from '../channel/index.js';
import { SharedArray } from '../memory/shared-array.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { SharedValue } from '../memory/shared-value.js';
import { Pool } from '../pool/pool.js';
import { Process } from '../process/process.js';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from '../sync/index.js';
import { assertStartMethod, getStartMethod, type StartMethod } from './method.js';

/** What is shared between processes: the same in all contexts. */
export interface Shared {
  readonly Barrier: typeof Barrier;
  readonly BoundedSemaphore: typeof BoundedSemaphore;
  readonly Condition: typeof Condition;
  readonly Event: typeof Event;
  readonly JoinableQueue: typeof JoinableQueue;
  readonly Lock: typeof Lock;
  readonly Pipe: typeof Pipe;
  readonly Queue: typeof Queue;
  readonly RLock: typeof RLock;
  readonly Semaphore: typeof Semaphore;
  readonly SharedArray: typeof SharedArray;
  readonly SharedMemory: typeof SharedMemory;
  readonly SharedValue: typeof SharedValue;
  readonly SimpleQueue: typeof SimpleQueue;
}

const shared: Shared = {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  JoinableQueue,
  Lock,
  Pipe,
  Queue,
  RLock,
  Semaphore,
  SharedArray,
  SharedMemory,
  SharedValue,
  SimpleQueue,
};

/** What a program uses to start its processes by one method, whatever the default is. */
export interface Context extends Shared {
  readonly method: StartMethod;
  /** A `Process` that is started by this method. */
  readonly Process: typeof Process;
  /** A `Pool` whose workers are. */
  readonly Pool: typeof Pool;
}

const contexts = new Map<StartMethod, Context>();

/**
 * The context of a start method; without one, that of the default method as of now.
 *
 * @throws StartMethodError where this system does not have the method.
 */
export function getContext(method: StartMethod = getStartMethod()): Context {
  assertStartMethod(method);
  const context = contexts.get(method) ?? { method, Process: processOf(method), Pool: poolOf(method), ...shared };
  contexts.set(method, context);
  return context;
}

function processOf(method: StartMethod): typeof Process {
  const bound = class<A extends unknown[], R> extends Process<A, R> {
    static override readonly method = method;
  };
  return Object.defineProperty(bound, 'name', { value: 'Process' });
}

function poolOf(method: StartMethod): typeof Pool {
  const bound = class extends Pool {
    static override readonly method = method;
  };
  return Object.defineProperty(bound, 'name', { value: 'Pool' });
}
