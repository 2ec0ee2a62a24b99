import test from 'ava';
import type { ForkStrategy } from 'zygote';
import { describeOutcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/waiting.js', import.meta.url);
const killed = { value: { exitCode: null, signalCode: 'SIGKILL' } };

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  const run = (scenario: string) => runProgram(program, { args: [scenario], strategy });

  test(`${strategy}: waitpid gives the exit code or the signal`, async (t) => {
    const outcome = await run('statuses');
    t.deepEqual(
      outcome.values('status'),
      [
        { exitCode: 0, signalCode: null },
        { exitCode: 1, signalCode: null },
        { exitCode: 255, signalCode: null },
        { exitCode: null, signalCode: 'SIGQUIT' },
      ],
      describeOutcome(outcome),
    );
  });

  test(`${strategy}: waitpid takes a child that has ended before`, async (t) => {
    const outcome = await run('endedBefore');
    t.deepEqual(outcome.value('status'), { exitCode: 3, signalCode: null }, describeOutcome(outcome));
  });

  test(`${strategy}: waitpid rejects with a TimeoutError, and can be called again`, async (t) => {
    const outcome = await run('timeout');
    t.like(outcome.value('first'), { name: 'TimeoutError', code: 'ERR_ZYGOTE_TIMEOUT' }, describeOutcome(outcome));
    t.true(outcome.value('alive'));
    t.deepEqual(outcome.value('second'), killed);
  });

  test(`${strategy}: waitpid rejects with the reason of an AbortSignal, and can be called again`, async (t) => {
    const outcome = await run('abort');
    t.like(outcome.value('aborted'), { name: 'AbortError' }, describeOutcome(outcome));
    t.like(outcome.value('aborted before'), { name: 'AbortError' });
    t.like(outcome.value('reason'), { name: 'RangeError', message: 'a reason' });
    t.deepEqual(outcome.value('then'), killed);
  });

  test(`${strategy}: waitpid refuses what is not a child, and what cannot be one`, async (t) => {
    const outcome = await run('misuse');
    t.like(outcome.value('init'), { code: 'ERR_ZYGOTE_NOT_A_CHILD' }, describeOutcome(outcome));
    t.like(outcome.value('twice'), { code: 'ERR_ZYGOTE_NOT_A_CHILD' });
    const codes = outcome.values<{ code: string }>('wrong').map(({ code }) => code);
    t.deepEqual(codes, Array(4).fill('ERR_ZYGOTE_INVALID_ARGUMENT'));
    t.like(outcome.value('timeout'), { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' });
    t.is(outcome.code, 0);
  });

  test(`${strategy}: several can wait for one child`, async (t) => {
    const outcome = await run('concurrent');
    const [first, second, third] = outcome.value<unknown[]>('all');
    t.deepEqual(first, { exitCode: null, signalCode: 'SIGTERM' }, describeOutcome(outcome));
    t.deepEqual(second, first);
    t.like(third, { code: 'ERR_ZYGOTE_TIMEOUT' });
  });

  test(`${strategy}: the children of the parent are not the clone's`, async (t) => {
    const outcome = await run('siblingsOf');
    t.like(outcome.value('sibling'), { code: 'ERR_ZYGOTE_NOT_A_CHILD' }, describeOutcome(outcome));
    t.deepEqual(outcome.value('own'), killed.value);
  });

  test(`${strategy}: a child that nobody waits for any more does not keep the parent alive`, async (t) => {
    const outcome = await runProgram(program, {
      args: ['doesNotKeepAlive'],
      strategy,
      during: async ({ program: parent, exited, entries }) => {
        parent.stdin?.end();
        // The child holds the output open; it has nothing to do with the end of its parent.
        await exited();
        const child = entries().find(({ what }) => what === 'child')?.value as number;
        t.notThrows(() => process.kill(child, 'SIGKILL'));
      },
    });
    t.like(outcome.value('timeout'), { code: 'ERR_ZYGOTE_TIMEOUT' }, describeOutcome(outcome));
    t.is(outcome.code, 0);
  });

  test(`${strategy}: 200 forks leave no descriptor, zombie, mapping or thread behind`, async (t) => {
    const outcome = await run('leaks');
    const before = outcome.value<Record<string, number>>('before');
    const after = outcome.value<Record<string, number>>('after');
    t.is(after['descriptors'], before['descriptors'], describeOutcome(outcome));
    t.is(after['children'], 0);
    t.is(after['threads'], before['threads']);
    // The collector maps and unmaps some.
    t.true((after['mappings'] ?? 0) < (before['mappings'] ?? 0) + 50, describeOutcome(outcome));
  });

  test(`${strategy}: forked children and those of child_process do not disturb each other`, async (t) => {
    const outcome = await run('besideChildProcess');
    t.deepEqual(outcome.value('seen'), Array(10).fill([8, 9]), describeOutcome(outcome));
  });
}
