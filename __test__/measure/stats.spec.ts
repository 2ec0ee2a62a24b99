import test from 'ava';
import { spread, summarize } from '#dist/measure/stats';

test('the median of an odd number of readings is the one in the middle', (t) => {
  t.is(summarize([5, 1, 3]).median, 3);
});

test('the median of an even number of readings lies between the two in the middle', (t) => {
  t.is(summarize([4, 1, 3, 2]).median, 2.5);
});

test('quartiles are interpolated, and the order of the readings is kept', (t) => {
  t.deepEqual(summarize([10, 1, 2, 3, 4, 5, 6, 7, 8, 9]), {
    median: 5.5,
    q1: 3.25,
    q3: 7.75,
    min: 1,
    max: 10,
    values: [10, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  });
});

test('one reading is everything', (t) => {
  t.deepEqual(summarize([7]), { median: 7, q1: 7, q3: 7, min: 7, max: 7, values: [7] });
});

test('the spread is half of the interquartile range, whatever one outlier does', (t) => {
  t.is(spread(summarize([1, 2, 3, 4, 5])), 1);
  t.is(spread(summarize([1, 2, 3, 4, 5000])), 1);
});

test('no readings are an error', (t) => {
  t.throws(() => summarize([]), { instanceOf: RangeError, message: /at least one/ });
});
