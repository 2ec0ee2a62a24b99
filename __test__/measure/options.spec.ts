import test from 'ava';
import { planFrom } from '#dist/measure/options';

test('by default everything is measured, ten times', (t) => {
  const plan = planFrom({});
  t.deepEqual(
    plan.payloads.map(({ name }) => name),
    ['cities', 'records', 'map', 'buffer', 'nothing'],
  );
  t.deepEqual(plan.only, ['fork', 'fork-prepared', 'clone', 'json', 'advanced', 'shared']);
  t.like(plan, { rounds: 10, scale: 1, timeout: 60_000 });
});

test('quick is 3 rounds of a tenth, unless told otherwise', (t) => {
  t.like(planFrom({ quick: true }), { rounds: 3, scale: 0.1 });
  t.like(planFrom({ quick: true, rounds: 7, scale: 0.5 }), { rounds: 7, scale: 0.5 });
});

test('your own data is measured alone, unless more is asked for', (t) => {
  t.deepEqual(planFrom({ data: 'a.json', module: './b.js#load' }).payloads, [
    { kind: 'file', name: 'a.json', path: 'a.json' },
    { kind: 'module', name: './b.js#load', path: './b.js', export: 'load' },
    { kind: 'nothing', name: 'nothing' },
  ]);
  t.deepEqual(
    planFrom({ data: 'a.json', payloads: ['map'] }).payloads.map(({ name }) => name),
    ['a.json', 'map', 'nothing'],
  );
});

test('a module without # has its data in the default export', (t) => {
  t.like(planFrom({ module: './dir#1/b.js#load' }).payloads[0], { path: './dir#1/b.js', export: 'load' });
  t.like(planFrom({ module: './b.js' }).payloads[0], { path: './b.js', export: 'default' });
});

const wrong: [Parameters<typeof planFrom>[0], RegExp][] = [
  [{ payloads: ['records', 'recrods' as 'records'] }, /no payload 'recrods'; there are: cities, records, map, buffer/],
  [{ only: ['vfork' as 'fork'] }, /no contestant 'vfork'; there are: fork, fork-prepared, clone/],
  [{ rounds: 0 }, /rounds must be a whole number above 0, and is 0/],
  [{ rounds: 2.5 }, /rounds must be a whole number/],
  [{ scale: Number.NaN }, /scale must be a number above 0, and is NaN/],
  [{ timeout: -1 }, /timeout must be a number above 0/],
  [{ module: './b.js#' }, /no name after the '#' in '\.\/b\.js#'/],
];
for (const [options, message] of wrong) {
  test(`refused: ${JSON.stringify(options)}`, (t) => {
    t.throws(() => planFrom(options), { code: 'ERR_ZYGOTE_MEASURE_OPTION', message });
  });
}
