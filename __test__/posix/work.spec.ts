import test from 'ava';
import type { ForkStrategy } from 'zygote';
import { describeOutcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/work.js', import.meta.url);
const exited = { exitCode: 0, signalCode: null };

/** What both processes must come to, by scenario. */
const work: [scenario: string, title: string, expected: unknown][] = [
  ['filePromises', 'fs.promises', 'written'],
  ['timers', 'timers, immediates and ticks', 'immediate,tick,timeout'],
  ['lookup', 'dns.lookup', '127.0.0.1'],
  ['compression', 'asynchronous compression', 100_000],
  ['cryptography', 'asynchronous cryptography', 'a9ad83929ae9ec538bc0f44e36ada66fedb00425310583960ad798a416eec3aa'],
  ['webassembly', 'asynchronous compilation of WebAssembly', 42],
  ['import', 'a dynamic import', 'imported'],
  ['worker', 'a new Worker', ['echo hello', 1]],
  ['childProcesses', 'child_process', ['through a pipe', 3, 'executed\n', 'sync\n', 'hello', 6]],
  ['http', 'an HTTP server and fetch', 'served'],
  ['httpAfterUse', 'an HTTP server and fetch that were in use before the fork', 'served'],
  ['watchAfter', 'a new fs.watch', 'seen'],
  ['watchFile', 'a new fs.watchFile', 'seen'],
  ['hotCode', 'compiling hot code', 196_418],
  ['garbage', 'collecting garbage', 49_995],
];

/** What needs a thread of the parent's. */
const threads: typeof work = [
  ['importWithHooks', 'a dynamic import through loader hooks of the parent', 'made by a hook'],
  ['liveWorker', 'a Worker that lives at the fork', 'echo after'],
  ['watchBefore', 'an fs.watch made before the fork', 'seen'],
];

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  for (const [scenario, title, expected] of strategy === 'all-threads' ? [...work, ...threads] : work) {
    test(`${strategy}: ${title} works in the child and afterwards in the parent`, async (t) => {
      const outcome = await runProgram(program, {
        args: [scenario],
        strategy,
        nodeArgs: ['--expose-gc', '--no-deprecation'],
      });
      t.deepEqual(outcome.value('status'), exited, describeOutcome(outcome));
      t.deepEqual(outcome.value('child'), expected, describeOutcome(outcome));
      t.deepEqual(outcome.value('parent'), expected);
      t.not(outcome.pids('child')[0], outcome.pid);
      t.is(outcome.code, 0);
      t.is(outcome.stderr, '');
    });
  }

  test(`${strategy}: forks can be nested`, async (t) => {
    const outcome = await runProgram(program, { args: ['nested'], strategy });
    const levels = outcome.values<{ depth: number; pid: number; ppid: number }>('depth');
    t.deepEqual(
      levels.map(({ depth }) => depth),
      [0, 1, 2, 3, 4],
      describeOutcome(outcome),
    );
    for (const [index, { ppid }] of levels.slice(1).entries()) t.is(ppid, levels[index]?.pid ?? 0);
    t.is(outcome.value('deepest'), 'served');
    t.deepEqual(outcome.values('status'), Array(4).fill(exited));
  });

  test(`${strategy}: a child of child_process that the parent has started ends for the parent only`, async (t) => {
    const outcome = await runProgram(program, { args: ['spawnedBefore'], strategy });
    t.deepEqual(outcome.value('status'), exited, describeOutcome(outcome));
    t.is(outcome.value('child'), 2);
    t.is(outcome.value('parent'), 8);
  });
}

test('all-threads: process.exit in a child does not hang on a Worker that lives at the fork', async (t) => {
  const outcome = await runProgram(program, { args: ['exitWithLiveWorker'] });
  t.deepEqual(outcome.value('status'), { exitCode: 4, signalCode: null }, describeOutcome(outcome));
});
