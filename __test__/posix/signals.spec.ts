import test from 'ava';
import type { ForkStrategy } from 'zygote';
import { describeOutcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/signals.js', import.meta.url);

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  const run = (scenario: string) => runProgram(program, { args: [scenario], strategy });

  test(`${strategy}: a signal to the child reaches the handler there, and a signal to the parent the one there`, async (t) => {
    const outcome = await run('handler');
    t.deepEqual(outcome.value('status'), { exitCode: 4, signalCode: null }, describeOutcome(outcome));
    t.deepEqual(outcome.pids('heard'), [outcome.value('child'), outcome.pid]);
  });

  test(`${strategy}: a child can handle signals that its parent does not`, async (t) => {
    const outcome = await run('ownHandler');
    t.deepEqual(outcome.value('status'), { exitCode: 6, signalCode: null }, describeOutcome(outcome));
    t.deepEqual(outcome.pids('heard'), [outcome.value('child')]);
  });

  test(`${strategy}: a signal that nobody handles ends the child, also when it comes right after the fork`, async (t) => {
    const outcome = await run('atOnce');
    t.is(outcome.code, 0, describeOutcome(outcome));
    t.deepEqual(outcome.value('statuses'), ['{"exitCode":null,"signalCode":"SIGTERM"}']);
  });

  test(`${strategy}: a signal to the parent does not reach the child`, async (t) => {
    const outcome = await run('parentOnly');
    t.deepEqual(outcome.pids('heard'), [outcome.pid], describeOutcome(outcome));
    t.deepEqual(outcome.value('status'), { exitCode: null, signalCode: 'SIGKILL' });
  });
}
