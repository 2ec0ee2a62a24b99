import test from 'ava';
import { table, wrap } from '#dist/cli/measure/table';

const groups = [
  { title: 'first', columns: ['a', 'bb'] },
  { title: 'the second', columns: ['c'] },
];

test('names stand to the left, numbers to the right, titles above their group', (t) => {
  const rows = [
    { name: 'one', cells: ['1', '22', '3'] },
    { name: 'second', cells: ['1,000', '2', '3.5'] },
  ];
  t.deepEqual(table(groups, rows, 80).split('\n'), [
    '            first  the second',
    '            a  bb           c',
    'one         1  22           3',
    'second  1,000   2         3.5',
  ]);
});

test('what does not fit beside goes below, and keeps its names', (t) => {
  const rows = [
    { name: 'one', cells: ['1', '2', '3'] },
    { name: 'other', cells: 'not run: because' },
  ];
  t.deepEqual(table(groups, rows, 20).split('\n'), [
    '       first',
    '       a  bb',
    'one    1   2',
    'other  not run:',
    '       because',
    '',
    '       the second',
    '                c',
    'one             3',
  ]);
});

test('groups without titles need no line for them', (t) => {
  t.is(table([{ columns: ['x'] }], [{ name: 'n', cells: ['1'] }], 80), '   x\nn  1');
});

test('lines are wrapped at spaces', (t) => {
  t.deepEqual(wrap('a bb ccc dddd', 6), ['a bb', 'ccc', 'dddd']);
  t.deepEqual(wrap('unbreakable', 3), ['unbreakable']);
});
