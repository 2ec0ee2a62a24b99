import test from 'ava';
import { megabytes, minutes, number, numberLike, times } from '#dist/cli/measure/format';

test('numbers have three digits that count', (t) => {
  t.deepEqual([0.1234, 3.94, 9.994, 9.996, 41.23, 99.96, 1212.7, -3.456].map(number), [
    '0.12',
    '3.94',
    '9.99',
    '10.0',
    '41.2',
    '100',
    '1,213',
    '-3.46',
  ]);
});

test('a spread has the decimals of its number', (t) => {
  t.is(numberLike(12.34, 1213), '12');
  t.is(numberLike(0.256, 3.94), '0.26');
});

test('megabytes are millions of bytes', (t) => {
  t.deepEqual([0, 44_900_000, 3_140_000, -40_000, -20_000_000].map(megabytes), ['0.0', '45', '3.1', '0.0', '-20']);
});

test('ratios', (t) => {
  t.deepEqual([1.04, 2.36, 9.96, 311.2, 12_345].map(times), ['1.0x', '2.4x', '10x', '311x', '12,345x']);
});

test('minutes', (t) => {
  t.deepEqual([0, 7_400, 127_000, 3_599_900].map(minutes), ['0:00', '0:07', '2:07', '60:00']);
});
