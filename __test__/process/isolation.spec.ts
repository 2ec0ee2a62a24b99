import test from 'ava';
import type { ForkStrategy } from 'zygote';
import { describeOutcome, type Outcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/isolation.js', import.meta.url);

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  const run = (scenario: string): Promise<Outcome> => runProgram(program, { args: [scenario], strategy });

  test(`${strategy}: nothing that the parent has under way goes on in a child`, async (t) => {
    const outcome = await runProgram(program, {
      args: ['everything'],
      strategy,
      during: async ({ program: { stdin }, hasExited }) => {
        stdin?.on('error', () => {});
        // Until the parent ends: input for both, should the child read it.
        while (!hasExited()) {
          stdin?.write('x');
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      },
    });
    t.is(outcome.code, 0, describeOutcome(outcome));
    t.deepEqual(outcome.value('status'), { exitCode: 0, signalCode: null });
    const [child] = outcome.pids('child');
    t.is(outcome.value('result'), child);
    const awaited = outcome.value<string[]>('awaited');
    t.true(awaited.length > 30);
    // In the child: the report of its target, and nothing else.
    t.deepEqual(
      outcome.entries.filter(({ pid }) => pid === child).map(({ what }) => what),
      ['child'],
    );
    for (const what of awaited)
      t.true(
        outcome.pids(what).every((pid) => pid === outcome.pid),
        what,
      );
    t.deepEqual(outcome.pids('exit listener'), [outcome.pid]);
    for (const what of ['end of standard input', 'end of another Process', 'timeout of an hour']) {
      t.deepEqual(outcome.pids(what), [], what);
    }
  });

  test(`${strategy}: timers and immediates of the parent do not run in a child, and its own do`, async (t) => {
    const outcome = await run('timers');
    t.is(outcome.value('result'), 'own timers work', describeOutcome(outcome));
    for (const what of ['interval', 'immediate', 'timeout']) t.deepEqual(outcome.pids(what), [outcome.pid], what);
  });

  test(`${strategy}: an answer that is about to be handed to the parent is not handed to a child`, async (t) => {
    const outcome = await run('answers');
    t.is(outcome.code, 0, describeOutcome(outcome));
    t.deepEqual(outcome.pids('answer'), [outcome.pid]);
  });

  test(`${strategy}: a signal handler of the parent does not run in a child`, async (t) => {
    const outcome = await run('signal');
    t.deepEqual(outcome.value('status'), { exitCode: null, signalCode: 'SIGUSR2' }, describeOutcome(outcome));
    t.deepEqual(outcome.pids('heard'), []);
  });

  test(`${strategy}: an uncaught error in a child ends it with code 1 and a stack, whatever the parent listens to`, async (t) => {
    const outcome = await run('uncaught');
    t.deepEqual(outcome.value('status'), { exitCode: 1, signalCode: null }, describeOutcome(outcome));
    t.like(outcome.value('error'), { exitCode: 1 });
    t.deepEqual(outcome.pids('heard'), []);
    t.deepEqual(outcome.pids('captured'), []);
    t.regex(outcome.stderr, /RangeError: thrown in a callback\n\s+at .*isolation\.js/);
  });

  test(`${strategy}: a child starts where the module domain is loaded`, async (t) => {
    const outcome = await run('domain');
    t.is(outcome.value('result'), 'fine', describeOutcome(outcome));
  });

  test(`${strategy}: exit and beforeExit listeners of the parent never run in a child`, async (t) => {
    const outcome = await run('beforeExit');
    t.is(outcome.code, 0, describeOutcome(outcome));
    for (const event of ['exit', 'beforeExit']) t.deepEqual(outcome.pids(event), [outcome.pid]);
  });

  test(`${strategy}: exit listeners of the child run, and its exit code counts`, async (t) => {
    const outcome = await run('ownListeners');
    t.is(outcome.value('result'), 'value', describeOutcome(outcome));
    t.deepEqual(outcome.values('own exit'), [7]);
    t.deepEqual(outcome.values('own beforeExit'), []);
    t.deepEqual(outcome.value('status'), { exitCode: 7, signalCode: null });
  });

  test(`${strategy}: a child can clear, unref and refresh timers that it has inherited`, async (t) => {
    const outcome = await run('inheritedTimers');
    t.is(outcome.value('result'), 'done', describeOutcome(outcome));
    t.is(outcome.pids('refreshed').length, 1);
    t.not(outcome.pids('refreshed')[0], outcome.pid);
    for (const what of ['timeout', 'interval']) t.deepEqual(outcome.pids(what), []);
    t.false(outcome.pids('immediate').some((pid) => pid !== outcome.pid));
  });
}
