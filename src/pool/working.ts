/** What a worker of a pool does: takes tasks, runs one at a time, and reports what came of them. */
import { onNothingLeft } from '../child/life.js';
import { native } from '../native/binding.js';
import { type Body, type Channel, Kind } from '../process/channel.js';
import type { ParentProcess } from '../process/parent.js';
import { type Pickling, pickling } from '../process/pickling.js';
import { parentProcess } from '../process/self.js';
import type { BoardMemory } from './board-memory.js';
import { Board } from './board.js';
import { type Arrived, FrameWriter, Op, readFrame } from './frame.js';
import type { AnyFunction, Inherited } from './functions.js';
import { type Packed, packValue } from './packed.js';

/** What a worker is told when it starts. */
export interface WorkerSetup {
  initializer?: AnyFunction | undefined;
  initArgs?: unknown[] | undefined;
  /** Shared with the pool. */
  board?: BoardMemory | undefined;
}

/** The target of a worker's process: settles when no tasks will come any more. Rejects if the initializer fails. */
export async function work(setup: WorkerSetup = {}, inherited?: Inherited): Promise<void> {
  const parent = parentProcess();
  if (!parent) throw new Error('this is for workers of a pool only');
  // At the terminal Ctrl-C goes to all processes: what becomes of the workers is the pool's matter.
  process.on('SIGINT', () => {});
  const { initializer, initArgs = [], board } = setup;
  await initializer?.(...(initArgs as never[]));
  await new Working(parent, new Board(board?.buffer), inherited).ended;
}

interface Job {
  number: number;
  op: Op;
  fn: number;
  value: Arrived;
}

/** Milliseconds that a result waits for others at most while tasks are running. */
const HELD = 0.1;

class Working {
  /** Settles when all is done and nothing will come. */
  readonly ended: Promise<void>;
  #end!: () => void;
  readonly #parent: ParentProcess;
  readonly #channel: Channel;
  readonly #board: Board;
  /** Functions, and what they could not be had for. */
  readonly #functions: Map<number, unknown>;
  readonly #bulk: Body[] = [];
  #jobs: Job[] = [];
  #at = 0;
  #number = 0;
  #isBusy = false;
  #isEnding = false;
  readonly #writer: FrameWriter;
  /** When the oldest result that is not sent was there. */
  #heldSince = 0;
  /** The number of the task that is being run. */
  #running = 0;
  /** When it began; `performance.now()`. */
  #begun = 0;
  /** Keeps the process alive while there is nothing to do. While there is, only that does. */
  readonly #idling = setInterval(() => {}, 2 ** 30);
  /** Rejects what can never settle. */
  #giveUp: ((error: Error) => void) | undefined;
  readonly #pid = process.pid;

  constructor(parent: ParentProcess, board: Board, inherited: Inherited | undefined) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#parent = parent;
    this.#board = board;
    this.#functions = inherited?.known ?? new Map<number, unknown>();
    this.#channel = parent.tap({ receive: (kind, body) => this.#receive(kind, body), end: () => {} });
    this.#writer = new FrameWriter((segments) => this.#channel.post(Kind.bulk, segments));
    process.on('uncaughtExceptionMonitor', (error) => this.#uncaught(error));
    process.on('exit', () => this.#flushNow());
    onNothingLeft(() => this.#nothingLeft());
    this.#writer.add(Op.ready, inherited?.below ?? 0, 0, undefined);
    this.#flush();
  }

  #receive(kind: Kind, body: Body): void {
    if (kind === Kind.bulk) {
      this.#bulk.push(body);
      return;
    }
    native().answered();
    // Not even for a list of small things.
    if (body instanceof Error) throw body;
    readFrame(body, this.#bulk, (op, fn, _, value) => {
      if (op === Op.end) this.#isEnding = true;
      else if (op === Op.define) this.#define(fn, value);
      else this.#jobs.push({ number: this.#number++, op, fn, value });
    });
    this.#work();
  }

  #define(fn: number, value: Arrived): void {
    // What it cannot be had for is told to each task that wants it.
    const found = attempt(() => read(value));
    this.#functions.set(fn, found);
    if (found instanceof Promise) {
      found.then(
        (loaded) => this.#functions.set(fn, loaded),
        () => {},
      );
    }
  }

  #work(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#begun = performance.now();
    for (;;) {
      // A result is on its way, and could not go on while a task keeps the event loop: nor would it be safe.
      if (!this.#channel.isFlushed) {
        void this.#channel.flush().then(() => {
          this.#isBusy = false;
          this.#work();
        });
        return;
      }
      const job = this.#take();
      if (!job) break;
      if (!this.#board.begin(job.number)) {
        this.#writer.add(Op.skipped, 0, 0, undefined);
        continue;
      }
      this.#running = job.number;
      if (!this.#board.isShared) {
        this.#writer.add(Op.begun, job.number, 0, undefined);
        this.#flush();
      }
      const pending = this.#perform(job);
      if (pending) {
        this.#idling.unref();
        void pending.then(() => {
          this.#idling.ref();
          this.#isBusy = false;
          this.#work();
        });
        // Results should not wait for it, unless it is settled already.
        if (!this.#writer.isEmpty) process.nextTick(() => this.#flush());
        return;
      }
    }
    this.#isBusy = false;
    this.#flush();
    if (this.#isEnding) this.#finish();
    else native().awaitAnswer();
  }

  #finish(): void {
    clearInterval(this.#idling);
    this.#end();
  }

  #take(): Job | undefined {
    // A clone that a task has made of this process, and which has come back here.
    if (process.pid !== this.#pid) {
      this.#finish();
      return undefined;
    }
    const job = this.#jobs[this.#at++];
    if (job) return job;
    this.#jobs = [];
    this.#at = 0;
    return undefined;
  }

  /** Gives a promise, which never rejects, if it takes longer. */
  #perform(job: Job): Promise<void> | undefined {
    try {
      const fn = this.#functions.get(job.fn);
      if (typeof fn !== 'function') return this.#performLater(job);
      const value = read(job.value);
      if (value instanceof Promise) return this.#performLater(job, value);
      const result = this.#call(job.op, fn as AnyFunction, value);
      if (isThenable(result)) return this.#settle(result);
      return this.#report(result);
    } catch (error) {
      return this.#thrown(error);
    }
  }

  async #performLater(job: Job, value?: unknown): Promise<void> {
    try {
      const fn = (await this.#functions.get(job.fn)) as AnyFunction;
      const args = await (value ?? read(job.value));
      await this.#report(await this.#awaited(this.#call(job.op, fn, args)));
    } catch (error) {
      await this.#thrown(error);
    }
  }

  async #settle(result: PromiseLike<unknown>): Promise<void> {
    try {
      const value = await this.#awaited(result);
      const reported = this.#report(value);
      if (reported) await reported;
    } catch (error) {
      const reported = this.#thrown(error);
      if (reported) await reported;
    }
  }

  /** Rejects also when nothing is left in this process that could settle it. */
  #awaited(result: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      Promise.resolve(result).then(resolve, reject);
    });
  }

  #call(op: Op, fn: AnyFunction, value: unknown): unknown {
    const call = fn as (...args: unknown[]) => unknown;
    if (op === Op.run) return value === undefined ? call() : call(...(value as unknown[]));
    const items = value as unknown[];
    return this.#each(items, op === Op.map ? (item) => call(item) : (item) => call(...(item as unknown[])));
  }

  /** At once as long as nothing has to be waited for. */
  #each(items: unknown[], call: (item: unknown) => unknown): unknown {
    const results: unknown[] = [];
    for (let place = 0; place < items.length; place++) {
      this.#board.atItem(place);
      const result = call(items[place]);
      if (isThenable(result)) return this.#eachLater(items, call, results, result);
      results.push(result);
    }
    return results;
  }

  async #eachLater(
    items: unknown[],
    call: (item: unknown) => unknown,
    results: unknown[],
    pending: PromiseLike<unknown>,
  ): Promise<unknown[]> {
    results.push(await pending);
    for (let place = results.length; place < items.length; place++) {
      this.#board.atItem(place);
      results.push(await call(items[place]));
    }
    return results;
  }

  #report(value: unknown): Promise<void> | undefined {
    const packed = packValue(value);
    if (packed instanceof Promise) {
      return packed.then(
        (loaded) => this.#add(Op.done, loaded),
        (error: unknown) => this.#thrown(error),
      );
    }
    this.#add(Op.done, packed);
    return undefined;
  }

  #thrown(error: unknown): Promise<void> | undefined {
    const loaded = pickling();
    const add = ({ pickleThrown }: Pickling) => this.#add(Op.thrown, pickleThrown(error).segments);
    if (loaded instanceof Promise) return loaded.then(add);
    add(loaded);
    return undefined;
  }

  #add(op: Op, packed: Packed): void {
    if (process.pid !== this.#pid) return;
    const now = performance.now();
    if (this.#writer.isEmpty) this.#heldSince = now;
    const micros = Math.min(Math.round((now - this.#begun) * 1000), 0x7fff_ffff);
    this.#writer.add(op, micros, 0, packed);
    this.#begun = now;
    // It should not be lost if the next task ends this process.
    const isSafe = op === Op.done && typeof packed !== 'object' && this.#board.finish(this.#running, micros, packed);
    if (!isSafe || now - this.#heldSince > HELD) this.#flush();
    if (!isSafe) this.#board.sent(this.#running);
  }

  #flush(): void {
    if (this.#writer.isEmpty || process.pid !== this.#pid) return;
    this.#channel.post(Kind.frame, this.#writer.take());
  }

  /** When the process ends: nothing goes by the event loop any more. */
  #flushNow(): void {
    if (this.#writer.isEmpty || process.pid !== this.#pid) return;
    // A message is only half sent: nothing can come after it.
    if (!this.#channel.isFlushed) return;
    void this.#parent.report(Kind.frame, this.#writer.take());
  }

  #uncaught(error: unknown): void {
    if (process.pid !== this.#pid) return;
    const loaded = pickling();
    if (!(loaded instanceof Promise)) this.#writer.add(Op.uncaught, 0, 0, loaded.pickleThrown(error).segments);
  }

  #nothingLeft(): boolean {
    const giveUp = this.#giveUp;
    if (!this.#isBusy || !giveUp) return false;
    this.#giveUp = undefined;
    const error = new Error(
      'the promise of this task can never settle: nothing is left in the worker that it could wait for. ' +
        "A promise, timer or connection of the pool's process does not go on in a worker",
    );
    // Something to do, so that the event loop goes on.
    setImmediate(giveUp, error);
    return true;
  }
}

/** The value; a promise if modules have to be imported for it. */
function read(arrived: Arrived): unknown {
  if (arrived === undefined) return undefined;
  if (arrived instanceof Error) throw arrived;
  if ('value' in arrived) return arrived.value;
  const loaded = pickling();
  return loaded instanceof Promise ? loaded.then(({ unpickle }) => unpickle(arrived)) : loaded.unpickle(arrived);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof Promise || typeof (value as { then?: unknown }).then === 'function';
}

/** What is thrown at once is a promise that rejects. */
function attempt(get: () => unknown): unknown {
  try {
    return get();
  } catch (error) {
    return Promise.reject(error);
  }
}
