/** The workers of a map, as the parent sees them. */
import { type ExitStatus, ProcessExitError, WorkerCrashedError } from '../../errors.js';
import { Process } from '../../process/process.js';
import type { MapSettings } from './options.js';
import { type MapTask, type Report, work } from './work.js';

/** Exit code of a worker that waited for what cannot come: a promise that nothing is left to settle. */
const NEVER_SETTLED = 13;
/** So many workers may die one after the other in one place without having been at an item. */
const MOST_IDLE_DEATHS = 3;

type Worker = Process<[], void>;

/** How a worker ended. */
interface End {
  error: unknown;
  status: ExitStatus;
}

export class Crew {
  /** What ended the map, if something has. */
  failure: { error: unknown } | undefined;
  readonly #running = new Set<Worker>();
  #starting = 0;
  readonly #attempts = new Map<number, number>();
  #forks = 0;

  /** `onReport` may throw: that ends the map. */
  constructor(
    private readonly settings: MapSettings,
    private readonly onReport: (task: MapTask, report: Report) => void,
  ) {}

  /** Works until no position is left, or the map has failed. Positions may be left over that a worker took which died. */
  async workOff(task: MapTask, total: number): Promise<void> {
    task.board.reset(total);
    const slots = Array.from({ length: Math.min(this.settings.processes, total) }, (_, slot) => slot);
    await Promise.all(slots.map((slot) => this.#fill(task, slot)));
  }

  /** Ends all workers: the map has failed. */
  fail(error: unknown): void {
    this.failure ??= { error };
    for (const worker of this.#running) worker.kill();
  }

  /** Keeps one place filled with a worker until there is nothing more to do. */
  async #fill(task: MapTask, slot: number): Promise<void> {
    let idleDeaths = 0;
    do {
      task.board.leave(slot);
      const end = await this.#runOne(task, slot);
      if (!end || this.failure) return;
      const position = task.board.positionOf(slot);
      if (!isCrash(end)) {
        this.#stop(task, withIndex(end.error, task, position));
      } else if (position === undefined) {
        idleDeaths++;
        if (idleDeaths > MOST_IDLE_DEATHS) this.#stop(task, crashed('none: it died between two', end));
      } else {
        idleDeaths = 0;
        this.#noteDone(task, slot, position);
        this.#noteCrash(task, indexAt(task, position), end);
      }
    } while (!this.failure && task.board.hasMore);
  }

  /** Undefined if it has ended in good order, or none could be started while others go on. */
  async #runOne(task: MapTask, slot: number): Promise<End | undefined> {
    const { name, prepareHeap, inherit, drainTimeout } = this.settings;
    const first = this.#forks++ === 0;
    const worker: Worker = new Process<[], void>({
      name: `${name}-${slot + 1}`,
      daemon: true,
      method: 'fork',
      prepareHeap: (first && prepareHeap) || false,
      ...(inherit && { inherit }),
      ...(drainTimeout !== undefined && { drainTimeout }),
      target: () => work(task, slot),
    });
    let outcome: unknown;
    const { result } = worker;
    result.catch((error: unknown) => (outcome = error));
    worker.on('message', (report) => this.#receive(task, report as Report));
    // Also what the target threw comes by here, and is dealt with below.
    worker.on('error', (error) => {
      setImmediate(() => {
        if (error !== outcome) this.#stop(task, error);
      });
    });
    if (!(await this.#start(task, worker))) return undefined;
    const error = await result.then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    );
    const status = (await worker.join()) as ExitStatus;
    worker.close();
    this.#running.delete(worker);
    return error && { error: error.thrown, status };
  }

  /** False if it cannot be started; the others go on, if there are others. */
  async #start(task: MapTask, worker: Worker): Promise<boolean> {
    this.#starting++;
    let refusal: { error: unknown } | undefined;
    try {
      await worker.start();
      this.#running.add(worker);
      if (this.failure) worker.kill();
    } catch (error) {
      refusal = { error };
    }
    this.#starting--;
    if (refusal && this.#starting === 0 && this.#running.size === 0) this.#stop(task, refusal.error);
    return !refusal;
  }

  #receive(task: MapTask, report: Report): void {
    if (this.failure) return;
    try {
      this.onReport(task, report);
    } catch (error) {
      this.#stop(task, error);
    }
  }

  #stop(task: MapTask, error: unknown): void {
    task.board.stop();
    this.fail(error);
  }

  /** Results in shared memory are there, though the worker could not say so any more. */
  #noteDone(task: MapTask, slot: number, position: number): void {
    const start = task.board.startOf(slot);
    if (task.into && start < position) this.#receive(task, { start, end: position, values: undefined });
  }

  #noteCrash(task: MapTask, index: number, end: End): void {
    const attempts = (this.#attempts.get(index) ?? 0) + 1;
    this.#attempts.set(index, attempts);
    if (attempts > this.settings.retries) this.#stop(task, crashed(index, end));
  }
}

function isCrash({ error, status }: End): boolean {
  return error instanceof ProcessExitError || status.exitCode === NEVER_SETTLED;
}

function crashed(task: number | string, { error, status }: End): WorkerCrashedError {
  return new WorkerCrashedError(task, status, { cause: error });
}

function indexAt({ order }: MapTask, position: number): number {
  return order ? (order[position] as number) : position;
}

/** What fn threw, which also tells at which item. */
function withIndex(error: unknown, task: MapTask, position: number | undefined): unknown {
  if (!(error instanceof Error) || position === undefined || 'index' in error || !Object.isExtensible(error))
    return error;
  const value = indexAt(task, position);
  return Object.defineProperty(error, 'index', { value, configurable: true, writable: true });
}
