/** Tests that run scenarios of a fixture, on every system. */
import test, { type ExecutionContext } from 'ava';
import { getAllStartMethods, type StartMethod } from 'zygote';
import type { Outcome, ProgramOptions, runProgram as RunProgram } from '../../helpers/program.js';

export type { Outcome, ProgramOptions } from '../../helpers/program.js';

const { runProgram } = (await import(process.platform === 'win32' ? './windows.js' : '../../helpers/program.js')) as {
  runProgram: typeof RunProgram;
};

export { runProgram };

/** The start methods that a spec is about whose part for `spawn` is in a file of its own: those need a Unix. */
export const forkingMethods: StartMethod[] = getAllStartMethods().filter((method) => method !== 'spawn');

type Check = (t: ExecutionContext, outcome: Outcome) => unknown;

/** Runs scenarios of one program. */
export class Scenarios {
  /** @param prefix begins the titles. @param args come after the scenario's name. */
  constructor(
    private readonly program: URL,
    readonly prefix: string,
    private readonly args: readonly string[] = [],
    private readonly defaults: ProgramOptions = {},
  ) {}

  /** What came of it is shown if the test fails. */
  async run(t: ExecutionContext, scenario: string, options: ProgramOptions = {}): Promise<Outcome> {
    const outcome = await runProgram(this.program, {
      ...this.defaults,
      ...options,
      args: [scenario, ...this.args, ...(options.args ?? [])],
    });
    t.teardown(() => {
      if (!t.passed) t.log(describe(outcome));
    });
    return outcome;
  }

  /** A test of a program that ends with code 0. */
  add(title: string, scenario: string, check: Check, options: ProgramOptions = {}): void {
    test(`${this.prefix}: ${title}`, (t) => this.#check(t, scenario, check, options));
  }

  /** A test of a program that ends in another way. */
  addEnding(title: string, scenario: string, check: Check, options: ProgramOptions = {}): void {
    test(`${this.prefix}: ${title}`, async (t) => {
      await check(t, await this.run(t, scenario, options));
    });
  }

  /** As `add`; skipped on Windows, where it cannot be shown: the caller says why. */
  addOnUnix(title: string, scenario: string, check: Check, options: ProgramOptions = {}): void {
    const onUnix = process.platform === 'win32' ? test.skip : test;
    onUnix(`${this.prefix}: ${title}`, (t) => this.#check(t, scenario, check, options));
  }

  /** A test of what does not work yet. */
  addFailing(title: string, scenario: string, check: Check, options: ProgramOptions = {}): void {
    test.failing(`${this.prefix}: ${title}`, (t) => this.#check(t, scenario, check, options));
  }

  async #check(t: ExecutionContext, scenario: string, check: Check, options: ProgramOptions): Promise<void> {
    const outcome = await this.run(t, scenario, options);
    t.is(outcome.code, 0);
    await check(t, outcome);
  }
}

/** Of a program that is started by one method. */
export function scenariosOf(program: URL, method: StartMethod, defaults: ProgramOptions = {}): Scenarios {
  const prefix = defaults.strategy === 'single-threaded' ? `${method}, single-threaded` : method;
  return new Scenarios(program, prefix, [method], defaults);
}

function describe({ stdout, stderr, code, signal, entries }: Outcome): string {
  const lines = entries.map((entry) => JSON.stringify(entry)).join('\n');
  return `exit code ${code}, signal ${signal}\nreports:\n${lines}\nstdout:\n${stdout}\nstderr:\n${stderr}`;
}
