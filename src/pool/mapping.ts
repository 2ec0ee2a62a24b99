/** One map: takes items from the input, makes chunks of them, and hands the results on as they come. */
import type { PoolFunction } from './functions.js';
import type { Progress } from './options.js';
import type { Outcome, Task } from './task.js';

/** Microseconds that a chunk is to take. */
const CHUNK = 4000;
/** Items of a chunk at most. */
const LARGEST = 16_384;

/** How a map is to go. */
export interface Plan {
  fn: PoolFunction;
  /** Undefined: by the time that items take. */
  chunkSize: number | undefined;
  /** Of a chunk. */
  largest: number;
  /** Of workers. */
  processes: number;
  /** Items that may have been taken and not been asked for. */
  lookAhead: number;
  onProgress: ((progress: Progress) => void) | undefined;
  /** Sends a chunk. */
  submit(items: unknown[], place: number, outcome: Outcome): Task;
  /** Rejects a chunk, whose worker is ended if that runs it. */
  cancel(this: void, task: Task, error: unknown): void;
  /** Rejects a chunk, which is left to its end if it runs. */
  drop(this: void, task: Task, error: unknown): void;
}

/** Who gets the results. */
export interface Taker {
  /** Of the items from this place on. */
  results(place: number, values: unknown[]): void;
  /** The chunk at this place has failed; or the input, which has been taken up to there. */
  failed(place: number, error: unknown): void;
  /** The input has ended after so many items. */
  inputEnded(total: number): void;
}

type Source = Iterator<unknown> | AsyncIterator<unknown>;

export class Mapping {
  readonly #plan: Plan;
  readonly #taker: Taker;
  readonly #source: Source;
  readonly #isAsync: boolean;
  readonly #running = new Set<Task>();
  /** How many items have been taken. */
  #taken = 0;
  /** How many results have been asked for, or do not have to be. */
  #used = 0;
  #done = 0;
  /** Of the input; undefined as long as it is not known. */
  #total: number | undefined;
  #hasEnded = false;
  #isPulling = false;

  constructor(plan: Plan, input: Iterable<unknown> | AsyncIterable<unknown>, taker: Taker) {
    this.#plan = plan;
    this.#taker = taker;
    const asAsync = (input as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator];
    this.#isAsync = asAsync !== undefined;
    this.#source = asAsync ? asAsync.call(input) : (input as Iterable<unknown>)[Symbol.iterator]();
    if (Array.isArray(input)) this.#total = input.length;
  }

  /** So many more results have been asked for: further items may be taken. */
  use(count: number): void {
    this.#used += count;
    this.pull();
  }

  /** Takes items as long as that makes sense. */
  pull(): void {
    if (this.#isPulling) return;
    this.#isPulling = true;
    if (this.#isAsync) {
      void this.#pullLater().finally(() => (this.#isPulling = false));
      return;
    }
    try {
      while (this.#wantsMore()) this.#takeChunk();
    } catch (error) {
      this.#inputFailed(error);
    }
    this.#isPulling = false;
  }

  /** Drops what waits, and takes nothing more. What runs is left to its end, or with `force` its workers are ended. */
  stop(error: unknown, force: boolean): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#closeInput();
    }
    const { cancel, drop } = this.#plan;
    for (const task of this.#running) (force ? cancel : drop)(task, error);
    this.#running.clear();
  }

  /** One chunk for each worker to run, and one to come. */
  #wantsMore(): boolean {
    const { processes, lookAhead } = this.#plan;
    return !this.#hasEnded && this.#running.size < 2 * processes && this.#taken - this.#used < lookAhead;
  }

  #chunkSize(): number {
    const { fn, chunkSize, largest, processes, lookAhead } = this.#plan;
    const room = Math.min(largest, lookAhead - (this.#taken - this.#used));
    if (chunkSize !== undefined) return Math.min(chunkSize, Math.max(room, 1));
    // Until it is known what an item takes.
    if (fn.mean === Infinity) return 1;
    const byTime = Math.ceil(CHUNK / Math.max(fn.mean, CHUNK / LARGEST));
    // That all workers end at the same time.
    const left = this.#total === undefined ? Infinity : this.#total - this.#taken;
    return Math.max(1, Math.min(byTime, Math.ceil(left / (2 * processes)), room));
  }

  #takeChunk(): void {
    const size = this.#chunkSize();
    const items: unknown[] = [];
    try {
      while (items.length < size) {
        const { value, done } = (this.#source as Iterator<unknown>).next();
        if (done) {
          this.#end(items.length);
          break;
        }
        items.push(value);
      }
    } finally {
      // Also if the input throws: these were there before.
      this.#send(items);
    }
  }

  async #pullLater(): Promise<void> {
    const source = this.#source as AsyncIterator<unknown>;
    let items: unknown[] = [];
    try {
      while (this.#wantsMore()) {
        const size = this.#chunkSize();
        while (items.length < size && !this.#hasEnded) {
          const step = source.next();
          // An input that lets us wait does not hold up what it has given before.
          if (items.length > 0 && (await Promise.race([step, turn()])) === LATER) {
            this.#send(items);
            items = [];
          }
          const { value, done } = await step;
          if (done) this.#end(items.length);
          else items.push(value);
        }
        this.#send(items);
        items = [];
      }
    } catch (error) {
      this.#send(items);
      this.#inputFailed(error);
    }
  }

  #send(items: unknown[]): void {
    if (items.length === 0) return;
    const place = this.#taken;
    this.#taken += items.length;
    let task: Task | undefined;
    const finished = (): void => {
      if (task) this.#running.delete(task);
    };
    try {
      task = this.#plan.submit(items, place, {
        resolve: (values) => {
          finished();
          this.#finished(place, values as unknown[]);
        },
        reject: (error) => {
          finished();
          this.#taker.failed(place, error);
        },
      });
      this.#running.add(task);
    } catch (error) {
      this.#taker.failed(place, error);
    }
  }

  #finished(place: number, values: unknown[]): void {
    this.#done += values.length;
    try {
      this.#plan.onProgress?.({ done: this.#done, total: this.#total });
    } catch (error) {
      this.#taker.failed(place, error);
      return;
    }
    this.#taker.results(place, values);
    this.pull();
  }

  #end(further: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#total = this.#taken + further;
    this.#taker.inputEnded(this.#total);
  }

  #inputFailed(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#taker.failed(this.#taken, error);
  }

  #closeInput(): void {
    try {
      const closed = this.#source.return?.();
      if (closed instanceof Promise) closed.catch(() => {});
    } catch {
      // It is not needed any more.
    }
  }
}

const LATER = Symbol('later');

function turn(): Promise<typeof LATER> {
  return new Promise((resolve) => setImmediate(resolve, LATER));
}
