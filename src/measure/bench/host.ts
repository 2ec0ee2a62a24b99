/** Starts a process that measures, and tells it what to do. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ZygoteError } from '../../errors.js';
import { programUrl } from '../../start/program.js';
import type { ContestantName } from '../measurement.js';
import { cleanEnvironment } from '../system/environment.js';
import type { Extent } from '../child/steps.js';
import type { BenchAnswer, BenchCommand, BenchTask, Ready, TogetherOutcome } from './protocol.js';
import type { Outcome } from './turn.js';

const ENTRY = fileURLToPath(programUrl('measure/bench/main'));
/** A turn ends by itself after its timeout. If not even that happens in this time, then the process itself hangs. */
const PATIENCE = 60_000;

/** The process that measures has ended, or was ended because it hung. */
export class BenchLostError extends Error {}

export class BenchHost implements Disposable {
  readonly #process: ChildProcess;
  readonly #patience: number;
  /** Who waits for an answer; nothing is given when none will come. */
  readonly #waiting: ((answer?: BenchAnswer) => void)[] = [];
  #ending: string | undefined;

  constructor(task: BenchTask) {
    this.#patience = task.timeout + PATIENCE;
    this.#process = fork(ENTRY, [JSON.stringify(task)], {
      env: cleanEnvironment(),
      execArgv: [],
      // What it and its children print goes to stderr: stdout may be JSON for another program.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#process.on('message', (answer: BenchAnswer) => this.#waiting.shift()?.(answer));
    this.#process.on('error', (error) => this.#lost(`could not be started: ${error.message}`));
    this.#process.on('exit', (code, signal) => {
      this.#lost(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
    });
  }

  /** Waits until the data is loaded, however long that takes. */
  async ready(): Promise<Ready> {
    return (await this.#answer()) as Ready;
  }

  /** Once without data; gives why it came to nothing, if it did. */
  async warmUp(contestant: ContestantName): Promise<{ reason: string } | undefined> {
    const answer = await this.#ask({ kind: 'warm-up', contestant });
    return answer.kind === 'failed' ? answer : undefined;
  }

  /** Gives what it found, or why it came to nothing. */
  async turn(contestant: ContestantName, extent: Extent): Promise<Outcome | { reason: string }> {
    const answer = await this.#ask({ kind: 'turn', contestant, extent });
    return answer.kind === 'outcome' ? answer.outcome : (answer as { reason: string });
  }

  /** Several children at once. */
  async together(contestant: ContestantName, children: number): Promise<TogetherOutcome | { reason: string }> {
    const answer = await this.#ask({ kind: 'together', contestant, children });
    return answer.kind === 'together' ? answer.together : (answer as { reason: string });
  }

  async end(): Promise<void> {
    await this.#ask({ kind: 'end' });
    this[Symbol.dispose]();
  }

  /** Ends the process; those that it has started end with it. */
  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }

  async #ask(command: BenchCommand): Promise<BenchAnswer> {
    if (this.#ending === undefined) this.#process.send(command);
    const hung = setTimeout(() => {
      this.#lost(`hung and was ended after ${this.#patience / 1000} s`);
      this[Symbol.dispose]();
    }, this.#patience);
    try {
      return await this.#answer();
    } finally {
      clearTimeout(hung);
    }
  }

  /** @throws ZygoteError what the process says; BenchLostError if it is gone. */
  async #answer(): Promise<BenchAnswer> {
    const answer = await new Promise<BenchAnswer | undefined>((resolve) => {
      if (this.#ending === undefined) this.#waiting.push(resolve);
      else resolve(undefined);
    });
    if (answer === undefined) throw new BenchLostError(`the measuring process ${this.#ending}`);
    if (answer.kind === 'error') throw new ZygoteError(answer.code, answer.message);
    return answer;
  }

  #lost(ending: string): void {
    this.#ending ??= ending;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
