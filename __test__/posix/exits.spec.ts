import test, { type ExecutionContext } from 'ava';
import type { ExitStatus, ForkStrategy } from 'zygote';
import { describeOutcome, type Outcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/exits.js', import.meta.url);

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  const run = async (t: ExecutionContext, scenario: string, expected: ExitStatus): Promise<Outcome> => {
    const outcome = await runProgram(program, { args: [scenario], strategy });
    t.is(outcome.code, 0, describeOutcome(outcome));
    t.deepEqual(outcome.value('status'), expected, describeOutcome(outcome));
    return outcome;
  };
  const code = (exitCode: number): ExitStatus => ({ exitCode, signalCode: null });
  const childOf = (outcome: Outcome) => outcome.value<number>('child');

  test(`${strategy}: process.exit ends a child with its code`, (t) => run(t, 'exit', code(7)));
  test(`${strategy}: process.exitCode is the code of a child that runs off its end`, (t) =>
    run(t, 'exitCode', code(9)));
  test(`${strategy}: a child that runs off its end exits with code 0`, (t) => run(t, 'offTheEnd', code(0)));

  test(`${strategy}: a child that runs off its end does its work first`, async (t) => {
    const outcome = await run(t, 'afterWork', code(0));
    t.deepEqual(outcome.pids('worked'), [childOf(outcome)]);
  });

  test(`${strategy}: an uncaught exception ends a child with code 1 and its stack on stderr`, async (t) => {
    const { stderr } = await run(t, 'uncaught', code(1));
    t.regex(stderr, /RangeError: thrown in the child\n\s+at .*exits\.js/);
  });

  test(`${strategy}: an unhandled rejection ends a child with code 1 and its stack on stderr`, async (t) => {
    const { stderr } = await run(t, 'rejection', code(1));
    t.regex(stderr, /RangeError: rejected in the child\n\s+at .*exits\.js/);
  });

  test(`${strategy}: exit listeners of the parent run in the clone, too, when it calls process.exit`, async (t) => {
    const outcome = await run(t, 'exitListener', code(3));
    t.deepEqual(outcome.pids('exit listener'), [childOf(outcome), outcome.pid]);
    t.deepEqual(outcome.values('exit listener'), [3, 0]);
  });

  test(`${strategy}: _exit runs no exit listener`, async (t) => {
    const outcome = await run(t, 'underscoreExit', code(5));
    t.deepEqual(outcome.pids('exit listener'), [outcome.pid]);
  });

  test(`${strategy}: beforeExit listeners run in both processes`, async (t) => {
    const outcome = await run(t, 'beforeExit', code(0));
    t.deepEqual(outcome.pids('beforeExit'), [childOf(outcome), outcome.pid]);
  });

  test(`${strategy}: an uncaughtException listener of the parent works in the clone`, async (t) => {
    const outcome = await run(t, 'uncaughtListener', code(0));
    t.deepEqual(outcome.pids('uncaught'), [childOf(outcome)]);
    t.is(outcome.stderr, '');
  });

  test(`${strategy}: console output of a child arrives`, async (t) => {
    const { stdout, stderr } = await run(t, 'output', code(0));
    t.is(stdout, 'to stdout\n');
    t.is(stderr, 'to stderr\n');
  });

  test(`${strategy}: process.abort ends a child by SIGABRT`, (t) =>
    run(t, 'abort', { exitCode: null, signalCode: 'SIGABRT' }));
}
