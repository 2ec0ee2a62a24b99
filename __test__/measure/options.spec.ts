import test from 'ava';
import { CONTESTANT_NAMES } from 'zygote/measure';
import { planFrom } from '#dist/measure/options';

/** Kinds and sizes in megabytes. */
function pointsOf(options: Parameters<typeof planFrom>[0]): string[] {
  return planFrom(options).points.map(({ spec }) =>
    `${spec.name} ${'size' in spec ? (spec.size ?? 0) / 1e6 : ''}`.trim(),
  );
}

test('by default everything is measured that fits into two and a half minutes', (t) => {
  t.deepEqual(pointsOf({}), [
    'nothing',
    'records 1',
    'records 10',
    'records 44.9',
    'buffer 1',
    'buffer 10',
    'buffer 100',
    'buffer 1000',
    'map 19.9',
    'cities',
  ]);
  const plan = planFrom({});
  t.deepEqual(plan.methods, [...CONTESTANT_NAMES]);
  t.like(plan, { rounds: 10, scale: 1, timeout: 60_000, budget: 140_000, children: 4 });
});

test('quick is half a minute, full has no limit, and neither have rounds that were asked for', (t) => {
  t.like(planFrom({ quick: true }), { rounds: 5, budget: 30_000 });
  t.like(planFrom({ full: true }), { rounds: 10, budget: undefined, timeout: 300_000 });
  t.like(planFrom({ rounds: 7 }), { rounds: 7, budget: undefined });
  t.like(planFrom({ quick: true, rounds: 7, budget: 1000 }), { rounds: 7, budget: 1000 });
  t.true(pointsOf({ full: true }).includes('records 1000'));
});

test('sizes are those of every payload that can have any, in order and once', (t) => {
  t.deepEqual(pointsOf({ sizes: [2e6, 1e6, 2e6], payloads: ['cities', 'map'] }), [
    'nothing',
    'map 1',
    'map 2',
    'cities',
  ]);
});

test('ways can be named by their groups', (t) => {
  t.deepEqual(planFrom({ methods: ['inherited'] }).methods, [
    'fork',
    'fork-prepared',
    'forkserver-preloaded',
    'python-fork',
  ]);
  t.deepEqual(planFrom({ methods: ['json', 'fork', 'shared'] }).methods, ['fork', 'json', 'shared']);
});

test('your own data is measured alone, unless more is asked for', (t) => {
  t.deepEqual(
    planFrom({ data: 'a.json', module: './b.js#load' }).points.map(({ spec }) => spec),
    [
      { kind: 'nothing', name: 'nothing' },
      { kind: 'file', name: 'a.json', path: 'a.json' },
      { kind: 'module', name: './b.js#load', path: './b.js', export: 'load' },
    ],
  );
  t.deepEqual(pointsOf({ data: 'a.json', payloads: ['cities'] }), ['nothing', 'a.json', 'cities']);
});

test('a module without # has its data in the default export', (t) => {
  t.like(planFrom({ module: './dir#1/b.js#load' }).points[1]?.spec, { path: './dir#1/b.js', export: 'load' });
  t.like(planFrom({ module: './b.js' }).points[1]?.spec, { path: './b.js', export: 'default' });
});

const wrong: [Parameters<typeof planFrom>[0], RegExp][] = [
  [{ payloads: ['records', 'recrods' as 'records'] }, /no payload 'recrods'; there are: records, buffer, map, cities/],
  [{ methods: ['vfork'] }, /no method 'vfork'; there are: fork, fork-prepared, forkserver-preloaded.*, inherited, /],
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
