import test from 'ava';
import type { ForkStrategy } from 'zygote';
import { describeOutcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/identity.js', import.meta.url);

type Draw = Record<string, unknown>;

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  test(`${strategy}: process.pid and process.ppid are the child's own, as properties and as named exports`, async (t) => {
    const outcome = await runProgram(program, { args: ['pid'], strategy });
    const ids = outcome.value<Record<string, number>>('child');
    const [child] = outcome.pids('child');
    t.not(child, outcome.pid);
    t.deepEqual(ids, { pid: child, ppid: outcome.pid, namedPid: child, namedPpid: outcome.pid, true: child });
    const { pid } = outcome;
    t.deepEqual(outcome.value('parent'), { pid, namedPid: pid, before: pid, true: pid });
  });

  test(`${strategy}: fork returns 0 in the child and the child's process id in the parent`, async (t) => {
    const outcome = await runProgram(program, { args: ['returns'], strategy });
    t.is(outcome.value('in child'), 0, describeOutcome(outcome));
    t.deepEqual(outcome.pids('in child'), [outcome.value('in parent')]);
  });

  for (const [scenario, draws] of [
    ['random', 5],
    ['randomNested', 3],
  ] as const) {
    test(`${strategy}: random numbers of the parent and its children all differ (${scenario})`, async (t) => {
      const outcome = await runProgram(program, { args: [scenario], strategy });
      const drawn = outcome.values<Draw>('draw');
      t.is(drawn.length, draws, describeOutcome(outcome));
      for (const source of Object.keys(drawn[0] ?? {})) {
        t.is(new Set(drawn.map((draw) => draw[source])).size, draws, `${source}\n${describeOutcome(outcome)}`);
      }
    });
  }

  test(`${strategy}: new contexts and Workers of one child do not draw the same numbers`, async (t) => {
    const outcome = await runProgram(program, { args: ['randomWithin'], strategy });
    const contexts = outcome.value<number[]>('contexts');
    const workers = outcome.value<number[]>('workers');
    t.is(new Set([...contexts, ...workers]).size, 4, describeOutcome(outcome));
  });
}
