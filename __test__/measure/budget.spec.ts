import test from 'ava';
import { Budget } from '#dist/measure/budget';
import { participants } from '#dist/measure/participants';

function point(size: number, weight = 1) {
  return { spec: { kind: 'built-in', name: 'records', size } as const, weight, together: 0 };
}

test('time is divided by weight, and what is not needed is for the others', (t) => {
  const budget = new Budget(1000);
  const [first, second] = [point(1, 1), point(2, 3)];
  const from = performance.now();
  const short = budget.box([first, second]).until - from;
  const long = budget.box([second]).until - from;
  t.true(short <= 260 && long > 800, `${short} ${long}`);
});

test('what a larger size takes is expected from a smaller one', (t) => {
  const budget = new Budget(1000);
  budget.box([point(10)]).took('fork', 20);
  t.is(budget.box([point(100)]).expected('fork'), 200);
  t.is(budget.box([point(100)]).expected('clone'), undefined);
});

test('without a budget everything takes part', (t) => {
  const budget = new Budget(undefined);
  budget.box([point(10)]).took('json', 1e9);
  t.deepEqual(participants(['fork', 'json'], budget.box([point(100)])).taking, ['fork', 'json']);
});

test('where there is not time for all, the ways that answer the question come first', (t) => {
  const budget = new Budget(10_000);
  const box = budget.box([point(10)]);
  for (const name of ['fork', 'json', 'clone'] as const) box.took(name, 1500);
  box.cannot('shared', 'only bytes fit');
  const { taking, leftOut } = participants(['fork', 'clone', 'json', 'shared'], budget.box([point(10)]));
  t.deepEqual(taking, ['fork', 'clone']);
  t.is(leftOut.get('shared'), 'only bytes fit');
  t.regex(leftOut.get('json') ?? '', /^there was no time for it: once takes about 1\.5 s \(--full has no limit\)$/);
});
