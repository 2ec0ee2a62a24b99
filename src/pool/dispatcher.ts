/** Gives tasks to workers, and has as many of these as it takes. Whatever happens to a worker, each task is settled once. */
import { TimeoutError, WorkerCrashedError, ZygoteError } from '../errors.js';
import type { StartMethod } from '../start/method.js';
import { native } from '../native/binding.js';
import { cpuCount } from '../process/cpus.js';
import { Crew, type CrewOwner } from './crew.js';
import { Functions } from './functions.js';
import { Times } from './histogram.js';
import type { Settings } from './options.js';
import { type Task, TaskQueue } from './task.js';
import type { Worker, WorkerEnd } from './worker.js';

/** Milliseconds after which it is looked whether tasks are waiting behind a long one. */
const LOOK = 5;
/** That a timer takes; ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

export class Dispatcher implements CrewOwner {
  readonly functions: Functions = new Functions();
  readonly queue: TaskQueue = new TaskQueue();
  /** From the call until the task is sent to a worker. */
  readonly waits: Times = new Times();
  /** In the worker. */
  readonly runs: Times = new Times();
  readonly counts: { completed: number; crashed: number; retried: number } = { completed: 0, crashed: 0, retried: 0 };
  readonly crew: Crew;
  /** Settles when it was closed and the last worker has ended. */
  readonly ended: Promise<void>;
  isClosed = false;
  /** Why there will be no more tasks. */
  #terminated: ZygoteError | undefined;
  /** Of maps, which have further tasks to give. */
  #holds = 0;
  readonly #cpus: number = cpuCount();
  readonly #name: string;
  readonly #settings: Settings;
  #isScheduled = false;
  /** `performance.now()`, of this turn. */
  #now = 0;
  /** No workers are kept ready: they could not be had. */
  #hasGivenUp = false;
  #hasLimits = false;
  #look: NodeJS.Timeout | undefined;
  #idling: NodeJS.Timeout | undefined;
  /** Keeps this process alive as long as something is to come. */
  readonly #keeper: NodeJS.Timeout = setInterval(() => {}, 2 ** 30).unref();
  #isKept = false;
  #setEnded!: () => void;

  constructor(name: string, method: StartMethod, settings: Settings) {
    this.#name = name;
    this.#settings = settings;
    this.crew = new Crew(name, method, settings, this.functions, this);
    this.ended = new Promise((resolve) => (this.#setEnded = resolve));
    if (settings.minWorkers > 0) this.#schedule();
  }

  /** Puts a task into the queue. */
  add(task: Task): void {
    if (this.#terminated) {
      task.reject(this.#terminated);
      return;
    }
    if (!this.#isScheduled) {
      this.#now = performance.now();
      this.#schedule();
    }
    task.queuedAt = this.#now;
    if (task.limit !== undefined) this.#hasLimits = true;
    this.#hasGivenUp = false;
    this.queue.push(task);
  }

  /** Rejects a task. If it is running, its worker is ended. */
  cancel(task: Task, error: unknown): void {
    const { worker, queue } = task;
    if (!task.reject(error)) return;
    queue?.remove(task);
    if (worker && !worker.revoke(task)) this.#replace(worker, task);
    this.#schedule();
  }

  /** Rejects a task. If it is running it is left to its end. */
  drop(task: Task, error: unknown): void {
    const { worker, queue } = task;
    if (!task.reject(error)) return;
    queue?.remove(task);
    worker?.revoke(task);
    this.#schedule();
  }

  /** Keeps a pool that was closed going until it is taken back. */
  hold(count: 1 | -1): void {
    this.#holds += count;
    this.#schedule();
  }

  close(): void {
    this.isClosed = true;
    this.#schedule();
  }

  terminate(): void {
    this.isClosed = true;
    const error = new ZygoteError(
      'ERR_ZYGOTE_POOL_TERMINATED',
      `${this.#name} was terminated before this task was done`,
    );
    this.#terminated = error;
    this.#rejectQueued(error);
    for (const worker of this.crew.workers) for (const task of worker.tasks()) task.reject(error);
    this.crew.disband();
    this.#schedule();
  }

  ready(worker: Worker): void {
    this.crew.joined(worker);
  }

  ran(task: Task, micros: number): void {
    task.fn.note(micros / Math.max(task.count, 1));
    this.runs.note(micros);
    this.counts.completed++;
  }

  progressed(worker: Worker, now: number): void {
    native().answered();
    if (this.#hasLimits) this.#time(worker);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#now = now;
    // After all that goes on now that results are there, in however many steps: it may give further tasks.
    queueMicrotask(() => process.nextTick(this.#dispatch));
  }

  left(worker: Worker, end: WorkerEnd): void {
    const { begun, done, unbegun, status, cause, item } = end;
    const again: Task[] = [];
    for (const task of begun) {
      if (task.settled) continue;
      this.counts.crashed++;
      if (task.retries > 0) {
        task.retries--;
        this.counts.retried++;
        again.push(task);
      } else {
        const isDone = done.has(task);
        task.reject(new WorkerCrashedError(task.label(isDone ? 0 : item), status, { cause, isDone }));
      }
    }
    this.#putBack([...again, ...unbegun]);
    this.crew.left(worker, end);
    this.#schedule();
  }

  unavailable(error: unknown): void {
    this.#hasGivenUp = true;
    this.#rejectQueued(error);
    this.#schedule();
  }

  changed(): void {
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#dispatch);
  }

  readonly #dispatch = (): void => {
    this.#isScheduled = false;
    this.#now = performance.now();
    this.#place();
    this.#retireUsedUp();
    this.#staff();
    this.#lookLater();
    this.#retireIdle();
    this.#settleDown();
  };

  /** Gives each task, in their order, to the worker with the fewest, as long as there is one that takes it. */
  #place(): void {
    const { workers } = this.crew;
    for (let task = this.queue.first; task; task = this.queue.first) {
      let best: Worker | undefined;
      for (const worker of workers) {
        if ((!best || worker.size < best.size) && worker.takes(task)) best = worker;
      }
      if (!best) break;
      this.queue.remove(task);
      this.waits.note((this.#now - task.queuedAt) * 1000);
      best.give(task, this.#now);
    }
    let busy = 0;
    for (const worker of workers) {
      worker.flush();
      if (!worker.isIdle) busy++;
      if (this.#hasLimits) this.#time(worker);
    }
    // Else it would take the time of one that works.
    if (busy > 0 && busy < this.#cpus) native().awaitAnswer();
  }

  /** Whoever may run no more tasks should not keep what the last one has left. */
  #retireUsedUp(): void {
    for (const worker of this.crew.workers) if (worker.isIdle && worker.allowance <= 0) this.crew.retire(worker);
  }

  /** Sees to it that there are workers for what is still in the queue. */
  #staff(): void {
    const { crew, queue } = this;
    const { processes, minWorkers } = this.#settings;
    if (crew.isPausing || this.#terminated) return;
    const first = queue.first;
    for (const worker of crew.workers) {
      if (!first || queue.size - crew.starting <= processes - crew.size) break;
      // Used up, or forked before the function was there that it would have to have.
      if (worker.isIdle && !worker.takes(first)) crew.retire(worker);
    }
    const least = this.isClosed || this.#hasGivenUp ? 0 : minWorkers;
    let wanted = Math.max(queue.size - crew.starting, least - crew.size);
    for (let free = processes - crew.size; free > 0 && wanted > 0; free--, wanted--) crew.hire();
  }

  #lookLater(): void {
    if (this.#look) return;
    let isFull = false;
    for (const { size } of this.crew.workers) if (size > 1) isFull = true;
    if (!isFull) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      this.#relieve();
      this.#lookLater();
    }, LOOK).unref();
  }

  /** Where a task takes longer than was thought, those before it have results, and those behind it should not wait. */
  #relieve(): void {
    const before = performance.now() - LOOK;
    for (const worker of this.crew.workers) {
      if (worker.size < 2 || worker.since > before) continue;
      worker.isHeldUp = true;
      worker.collect();
      this.#putBack(worker.revokeAll());
      if (this.#hasLimits) this.#time(worker);
      this.#schedule();
    }
  }

  #putBack(tasks: Task[]): void {
    for (const task of tasks.toReversed()) if (!task.settled) this.queue.unshift(task);
  }

  /** Ends a worker that runs this task; what it has not begun is for others. */
  #replace(worker: Worker, task: Task): void {
    this.#putBack(worker.revokeAll());
    // Only now: it cannot begin another one. If it has done so before, that one is not at fault.
    if (!worker.isThrough(task)) worker.kill();
  }

  /** Takes the time of what a worker does now. */
  #time(worker: Worker): void {
    const task = worker.current;
    if (task === worker.timed) return;
    clearTimeout(worker.deadline);
    worker.timed = task;
    if (task?.limit !== undefined) this.#limit(worker, task, task.limit);
  }

  /** Of a map each item has its time. */
  #limit(worker: Worker, task: Task, limit: number): void {
    const { item } = worker;
    const timeout = item === undefined ? limit * task.count : limit;
    worker.deadline = setTimeout(
      () => {
        // This process itself may have been held up: what has come meanwhile is read first.
        setImmediate(() =>
          setImmediate(() => {
            worker.collect();
            if (task.worker !== worker) this.#time(worker);
            else if (worker.item !== item) this.#limit(worker, task, limit);
            else this.#tookTooLong(worker, task, item ?? 0);
          }),
        );
      },
      Math.min(timeout, LONGEST_TIMEOUT),
    );
  }

  #tookTooLong(worker: Worker, task: Task, item: number): void {
    const label = String(task.label(item));
    task.reject(new TimeoutError(`task ${label} ran for more than ${task.limit} ms: its worker was ended`));
    this.#replace(worker, task);
    this.#schedule();
  }

  #retireIdle(): void {
    const { idleTimeout, minWorkers } = this.#settings;
    if (idleTimeout === undefined || this.#idling) return;
    if (this.crew.size <= minWorkers || ![...this.crew.workers].some(({ isIdle }) => isIdle)) return;
    this.#idling = setTimeout(() => {
      this.#idling = undefined;
      const before = performance.now() - idleTimeout;
      for (const worker of this.crew.workers) {
        if (worker.isIdle && worker.since <= before && this.crew.size > minWorkers) this.crew.retire(worker);
      }
      this.#retireIdle();
    }, idleTimeout).unref();
  }

  #settleDown(): void {
    const { crew, queue } = this;
    let isBusy = queue.size > 0 || this.#holds > 0;
    for (const worker of crew.workers) if (worker.size > 0) isBusy = true;
    if (this.isClosed && !isBusy) {
      for (const worker of crew.workers) if (worker.isIdle) crew.retire(worker);
      if (crew.isEmpty) this.#setEnded();
    }
    const keep = isBusy || (this.isClosed && !crew.isEmpty);
    if (keep === this.#isKept) return;
    this.#isKept = keep;
    if (keep) this.#keeper.ref();
    else this.#keeper.unref();
  }

  #rejectQueued(error: unknown): void {
    for (let task = this.queue.first; task; task = this.queue.first) {
      this.queue.remove(task);
      task.reject(error);
    }
  }
}
