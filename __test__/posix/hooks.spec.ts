import test from 'ava';
import type { ForkStrategy } from 'zygote';
import { describeOutcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/hooks.js', import.meta.url);
const exited = { exitCode: 0, signalCode: null };

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  const run = (scenario: string) => runProgram(program, { args: [scenario], strategy });

  test(`${strategy}: hooks run before in reverse order, and after in order`, async (t) => {
    const outcome = await run('order');
    const before = ['b before', 'a before'];
    t.deepEqual(outcome.value('child'), [...before, 'a in child', 'b in child'], describeOutcome(outcome));
    t.deepEqual(outcome.value('parent'), [...before, 'a in parent, pid', 'b in parent, pid']);
  });

  test(`${strategy}: a hook that throws prevents the fork, and those that ran before it are told`, async (t) => {
    const outcome = await run('throwing');
    t.like(outcome.value('refused'), { name: 'RangeError', message: 'not now' }, describeOutcome(outcome));
    t.deepEqual(outcome.value('heard'), ['last before', 'last -1']);
    t.deepEqual(outcome.value('status'), exited);
    t.deepEqual(outcome.value('then'), ['last before', 'first before', 'first pid', 'last pid']);
  });

  test(`${strategy}: a child can take hooks back, too`, async (t) => {
    const outcome = await run('unregisterInChild');
    t.is(outcome.pids('heard in child').length, 1, describeOutcome(outcome));
    t.is(outcome.pids('grandchild').length, 1);
  });

  test(`${strategy}: fork is refused while the inspector is open, and works when it is closed`, async (t) => {
    const outcome = await run('inspector');
    t.like(outcome.value('open'), { code: 'ERR_ZYGOTE_INSPECTOR_OPEN' }, describeOutcome(outcome));
    t.deepEqual(outcome.value('closed'), exited);
  });

  test(`${strategy}: fork is refused in a Worker`, async (t) => {
    const outcome = await run('worker');
    t.like(outcome.value('in worker'), { code: 'ERR_ZYGOTE_NOT_MAIN_THREAD' }, describeOutcome(outcome));
  });
}

test('all-threads: the inspector can be opened in a child', async (t) => {
  const outcome = await runProgram(program, { args: ['inspectorInChild'] });
  t.regex(outcome.value('url'), /^ws:/, describeOutcome(outcome));
});

test('all-threads: a read that is in flight in the thread pool fails in the child and goes on in the parent', async (t) => {
  const outcome = await runProgram(program, { args: ['fifo'] });
  t.is(outcome.value('in child'), 'ECANCELED', describeOutcome(outcome));
  t.deepEqual(outcome.value('status'), exited);
  t.is(outcome.value('in parent'), 'hello');
});
