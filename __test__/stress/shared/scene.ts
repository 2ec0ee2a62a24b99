/** What the parts of `npm run stress:shared` have in common. */
import { native } from '#dist/native/binding';

/** Objects that processes share, what workers do with them for ever, and how one sees that they go on. */
export interface Scene {
  /** Runs in a forked worker until that is killed. */
  work(worker: number): Promise<void>;
  /** How far each worker has come: a number that only grows. */
  progress(worker: number): number;
  /** False if the others can do nothing before another has taken its place. */
  goesOnWithout?: boolean;
  /** Called when a worker was killed, before another takes its place; the others go on by themselves. */
  afterKill?(worker: number): Promise<void>;
  /** Called when another has taken its place. */
  afterReplacement?(worker: number): Promise<void>;
  /** Called when all workers were killed: throws if something is lost, locked or left. */
  finish(): Promise<void>;
  /** Shown at the end. */
  summary?(): string;
}

/** Makes it, for so many workers. */
export type MakeScene = (workers: number) => Scene;

/** Words that this process and its workers write to together, at first 0. */
export class Words {
  readonly #words: Int32Array<ArrayBuffer>;

  constructor(length: number) {
    this.#words = new Int32Array(native().sharedPages(4 * length), 0, length);
  }

  get(index: number): number {
    return Atomics.load(this.#words, index);
  }

  set(index: number, value: number): void {
    Atomics.store(this.#words, index, value);
  }

  add(index: number, value: number): number {
    return Atomics.add(this.#words, index, value);
  }
}

/** Waits until `condition` holds. Whoever calls it has a watchdog. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** @throws Error */
export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
