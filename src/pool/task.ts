/** Tasks, and the queue that they wait in. */
import type { Op } from './frame.js';
import type { AnyFunction, PoolFunction } from './functions.js';
import type { Packed } from './packed.js';
import type { Worker } from './worker.js';

/** What comes of a task. Called once, one of the two. */
export interface Outcome {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export class Task {
  /** The queue that it is in. */
  queue: TaskQueue | undefined = undefined;
  previous: Task | undefined = undefined;
  next: Task | undefined = undefined;
  /** The worker that has it, and its number there. */
  worker: Worker | undefined = undefined;
  number = 0;
  settled = false;
  /** `performance.now()` when it came into the queue. */
  queuedAt = 0;
  /** Microseconds that it is expected to take. */
  expected = 0;
  /** How often it may be run again after its worker has died. */
  retries = 0;
  /** Longest time in the worker, in ms. */
  limit: number | undefined = undefined;
  /** Lets go of timers and signals. */
  release: (() => void) | undefined = undefined;

  constructor(
    readonly op: Op,
    /** Kept as long as the task is: a worker that is forked meanwhile finds it. */
    readonly target: AnyFunction,
    readonly fn: PoolFunction,
    readonly packed: Packed,
    /** Of items. */
    readonly count: number,
    readonly outcome: Outcome,
    /** Of its first item, in a map. */
    readonly place: number | undefined,
  ) {}

  /** What errors call it, or one of its items. */
  label(item: number): number | string {
    return this.place === undefined ? this.fn.name : this.place + item;
  }

  /** False if it was settled before. */
  resolve(value: unknown): boolean {
    if (!this.#settle()) return false;
    this.outcome.resolve(value);
    return true;
  }

  reject(error: unknown): boolean {
    if (!this.#settle()) return false;
    this.outcome.reject(error);
    return true;
  }

  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.release?.();
    return true;
  }
}

/** First in, first out; any task can leave it at once. */
export class TaskQueue {
  #first: Task | undefined;
  #last: Task | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Task | undefined {
    return this.#first;
  }

  push(task: Task): void {
    task.queue = this;
    task.previous = this.#last;
    task.next = undefined;
    if (this.#last) this.#last.next = task;
    else this.#first = task;
    this.#last = task;
    this.#size++;
  }

  /** Before all others. */
  unshift(task: Task): void {
    task.queue = this;
    task.previous = undefined;
    task.next = this.#first;
    if (this.#first) this.#first.previous = task;
    else this.#last = task;
    this.#first = task;
    this.#size++;
  }

  remove(task: Task): void {
    if (task.queue !== this) return;
    if (task.previous) task.previous.next = task.next;
    else this.#first = task.next;
    if (task.next) task.next.previous = task.previous;
    else this.#last = task.previous;
    task.queue = undefined;
    task.previous = undefined;
    task.next = undefined;
    this.#size--;
  }
}
