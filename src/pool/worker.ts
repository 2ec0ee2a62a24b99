/** A worker as its pool sees it: the process, the channel to it, and the tasks that it has. */
import type { ExitStatus } from '../errors.js';
import { type Body, Kind } from '../process/channel.js';
import type { Process } from '../process/process.js';
import { unpickle } from '../transfer/pickle.js';
import { type Board, SLOTS } from './board.js';
import { type Arrived, FrameWriter, Op, readFrame } from './frame.js';
import type { Task } from './task.js';

/** Who has workers. */
export interface Owner {
  /** It takes tasks. */
  ready(worker: Worker): void;
  /** A task was done or has thrown: in the worker it took so many microseconds. */
  ran(task: Task, micros: number): void;
  /** All that was received at a time has been handed on. */
  progressed(worker: Worker, now: number): void;
  /** It has ended. */
  left(worker: Worker, end: WorkerEnd): void;
}

/** How a worker has ended, and what it leaves. */
export interface WorkerEnd {
  /** Its initializer was through. */
  wasReady: boolean;
  /** It was to end. */
  wasAsked: boolean;
  status: ExitStatus;
  /** What ended it, where that is known: an error that nobody caught, or that its initializer threw. */
  cause: unknown;
  /** Not begun, in their order. */
  unbegun: Task[];
  /** Begun, in their order, and without a result. */
  begun: Task[];
  /** Those of them that were done: what came of them is lost. */
  done: Set<Task>;
  /** The place of the item at which the last one was. */
  item: number;
}

type State = 'starting' | 'ready' | 'ending' | 'ended';

/** Microseconds of work that a worker is given ahead: enough to keep it busy until it hears from us again. */
const AHEAD = 1000;

/** Milliseconds from the end of its channel to that of the process. */
const PATIENCE = 1000;

const MASK = SLOTS - 1;

export class Worker {
  state: State = 'starting';
  /** How many tasks it has that were not taken back. */
  size = 0;
  /** How many tasks it may still be given. */
  allowance: number;
  /** `performance.now()` when it became idle, or was last heard of. */
  since = 0;
  /** The same, when it was ready. */
  readySince = 0;
  /** It has not been heard of for longer than was expected: it is given nothing ahead. */
  isHeldUp = false;
  /** The task whose time is being taken. */
  timed: Task | undefined;
  /** Goes off when that takes too long. */
  deadline: NodeJS.Timeout | undefined;

  readonly #owner: Owner;
  readonly #board: Board;
  /** Undefined where a task was taken back. By numbers modulo SLOTS. */
  readonly #sent: (Task | undefined)[] = Array.from({ length: SLOTS });
  #first = 0;
  #next = 0;
  /** Microseconds that its tasks are expected to take. */
  #load = 0;
  readonly #writer: FrameWriter;
  readonly #bulk: Body[] = [];
  /** It is a clone of this process. */
  readonly #inherits: boolean;
  /** Functions that it was sent. */
  readonly #defined = new Set<number>();
  /** Below this number it has inherited all functions. */
  #inheritedBelow = 0;
  #cause: unknown;

  constructor(
    readonly process: Process<never[]>,
    board: Board,
    owner: Owner,
    { allowance, inherits }: { allowance: number; inherits: boolean },
  ) {
    this.#board = board;
    this.#inherits = inherits;
    this.#owner = owner;
    this.allowance = allowance;
    this.#writer = new FrameWriter((segments) => process.post(Kind.bulk, segments));
    process.tap({
      receive: (kind, body) => this.#receive(kind, body),
      // It can neither be sent anything nor tell anything: of no use, if it is not about to end.
      end: () => void setTimeout(() => this.kill(), PATIENCE).unref(),
    });
    // Its failure is told by `ended`.
    process.result.catch(() => {});
    process.once('exit', (status) => void this.#ended(status));
  }

  /** Whether it takes a task now. */
  takes(task: Task): boolean {
    if (this.state !== 'ready' || !this.#has(task)) return false;
    // One that has done nothing yet takes any number of items.
    if (this.allowance < task.count && this.#next > 0) return false;
    if (this.#next === this.#first) return true;
    if (!this.#board.isShared || this.isHeldUp || this.#next - this.#first === SLOTS) return false;
    return this.#load + task.fn.mean * task.count <= AHEAD;
  }

  /** Nothing was sent to it that it has not answered. */
  get isIdle(): boolean {
    return this.state === 'ready' && this.#next === this.#first;
  }

  /** Whether it has the task's function, or can be sent it. */
  #has({ fn, target }: Task): boolean {
    return (
      fn.number < this.#inheritedBelow ||
      this.#defined.has(fn.number) ||
      !this.#inherits ||
      fn.quickReference(target) !== undefined
    );
  }

  /** Adds a task to those that the next `flush` sends. */
  give(task: Task, now: number): void {
    const { fn } = task;
    task.expected = fn.mean * task.count;
    if (fn.number >= this.#inheritedBelow && !this.#defined.has(fn.number)) {
      this.#defined.add(fn.number);
      this.#writer.add(Op.define, fn.number, 0, fn.reference(task.target));
    }
    const number = this.#next++;
    this.#sent[number & MASK] = task;
    this.#board.offer(number);
    task.worker = this;
    task.number = number;
    if (this.size++ === 0) this.since = now;
    this.#load += task.expected;
    this.allowance -= task.count;
    this.#writer.add(task.op, fn.number, task.count, task.packed);
  }

  flush(): void {
    if (!this.#writer.isEmpty) this.process.post(Kind.frame, this.#writer.take());
  }

  /** Takes a task back; false if it was begun. */
  revoke(task: Task): boolean {
    if (!this.#board.revoke(task.number)) return false;
    this.#drop(task);
    this.allowance += task.count;
    return true;
  }

  /** Takes from the board what is there of results that were not sent yet. */
  collect(): void {
    for (const task of this.tasks()) {
      const done = this.#board.done(task.number);
      if (!done) continue;
      this.#drop(task);
      if (task.settled) continue;
      this.#owner.ran(task, done.micros);
      task.resolve(done.value);
    }
  }

  /** Whether it is through with a task, though it may not have reported it. */
  isThrough(task: Task): boolean {
    return task.worker !== this || this.#board.isOver(task.number);
  }

  /** Takes back all that are not begun, in their order. */
  revokeAll(): Task[] {
    return this.tasks().filter((task) => this.revoke(task));
  }

  /** The oldest task of which it is not known that it is done. */
  get current(): Task | undefined {
    for (let number = this.#first; number < this.#next; number++) {
      const task = this.#sent[number & MASK];
      if (task) return task;
    }
    return undefined;
  }

  /** The place of the item of a map that it is at; undefined where nobody can know it. */
  get item(): number | undefined {
    return this.#board.isShared ? this.#board.item : undefined;
  }

  /** Ends it when its tasks are done. */
  retire(): void {
    if (this.state !== 'ready') return;
    this.state = 'ending';
    this.#writer.add(Op.end, 0, 0, undefined);
    this.flush();
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.state === 'ready') this.state = 'ending';
    if (this.process.isAlive) this.process.kill(signal);
  }

  /** That it has not reported, in their order. */
  tasks(): Task[] {
    const tasks: Task[] = [];
    for (let number = this.#first; number < this.#next; number++) {
      const task = this.#sent[number & MASK];
      if (task) tasks.push(task);
    }
    return tasks;
  }

  #drop(task: Task): void {
    this.#sent[task.number & MASK] = undefined;
    task.worker = undefined;
    this.size--;
    this.#load = this.size === 0 ? 0 : this.#load - task.expected;
  }

  #receive(kind: Kind, body: Body): void {
    if (kind === Kind.bulk) {
      this.#bulk.push(body);
      return;
    }
    // A frame is small: if there is no memory even for that, nobody knows any more what the worker does.
    if (body instanceof Error) {
      this.#cause = body;
      this.kill();
      return;
    }
    try {
      readFrame(body, this.#bulk, (op, a, _, value) => this.#entry(op, a, value));
    } catch (error) {
      // Somebody has written to its channel.
      this.#cause = error;
      this.kill();
    }
    this.since = performance.now();
    this.isHeldUp = false;
    this.#owner.progressed(this, this.since);
  }

  #entry(op: Op, a: number, value: Arrived): void {
    if (op === Op.ready) {
      this.#inheritedBelow = a;
      if (this.state === 'starting') this.state = 'ready';
      this.readySince = performance.now();
      this.#owner.ready(this);
    } else if (op === Op.begun) {
      this.#board.noteBegun(a);
    } else if (op === Op.uncaught) {
      this.#cause = valueOf(value, (error) => error);
      if (this.#cause instanceof Promise) this.#cause = undefined;
    } else {
      this.#reported(op, a, value);
    }
  }

  #reported(op: Op, micros: number, value: Arrived): void {
    const task = this.#sent[this.#first++ & MASK];
    if (!task) return;
    this.#drop(task);
    if (op === Op.skipped || task.settled) return;
    this.#owner.ran(task, micros);
    if (op === Op.done) {
      settle(value, (result) => task.resolve(result), task);
    } else {
      settle(value, (error) => task.reject(error), task);
    }
  }

  async #ended(status: ExitStatus): Promise<void> {
    const { state } = this;
    this.state = 'ended';
    clearTimeout(this.deadline);
    this.collect();
    const tasks = this.tasks();
    for (const task of tasks) task.worker = undefined;
    const done = new Set(tasks.filter((task) => this.#board.isOver(task.number)));
    const isBegun = tasks.map((task) => this.#board.isBegun(task.number));
    this.size = 0;
    // Before it was ready, its process's failure is that of the initializer.
    if (state === 'starting') await this.process.result.catch((error: unknown) => (this.#cause = error));
    this.#owner.left(this, {
      wasReady: state !== 'starting',
      wasAsked: state === 'ending',
      status,
      cause: this.#cause,
      unbegun: tasks.filter((_, index) => !isBegun[index]),
      begun: tasks.filter((_, index) => isBegun[index]),
      done,
      item: this.#board.item,
    });
  }
}

/** Hands a value on, or rejects the task if it cannot be read. Whatever is done by that, what comes after it is received. */
function settle(arrived: Arrived, use: (value: unknown) => void, task: Task): void {
  const value = valueOf(arrived, (error) => {
    task.reject(error);
    return undefined;
  });
  if (value instanceof Promise) value.then(use, (error: unknown) => task.reject(error));
  else if (!task.settled) use(value);
}

/** A promise if modules have to be imported first. */
function valueOf(arrived: Arrived, otherwise: (error: unknown) => unknown): unknown {
  if (arrived === undefined) return undefined;
  if (arrived instanceof Error) return otherwise(arrived);
  if ('value' in arrived) return arrived.value;
  try {
    return unpickle(arrived);
  } catch (error) {
    return otherwise(error);
  }
}
