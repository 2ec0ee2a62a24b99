import test from 'ava';
import type { MeasuredPayload } from 'zygote/measure';
import { cheaperUpTo, growths, lineOf, usable } from '#dist/measure/growth';
import { measured, measurementOf, records, summary } from './helpers/measurements.js';

/** Payloads of these sizes in bytes, and what they took by fork. */
function payloads(readings: Record<number, number>): MeasuredPayload[] {
  const made: MeasuredPayload[] = [];
  for (const [bytes, ms] of Object.entries(readings)) {
    made.push({ ...records, bytes: Number(bytes), contestants: [measured('fork', summary(ms), 1, 1, 1)] });
  }
  return made;
}

function lineThrough(readings: Record<number, number>) {
  const [growth] = growths(measurementOf(...payloads(readings)));
  const [series] = growth?.series ?? [];
  return series && lineOf(series, usable);
}

test('a line goes through what lies on one', (t) => {
  const line = lineThrough({ 1_000_000: 7, 2_000_000: 9, 100_000_000: 205 });
  t.true(Math.abs((line?.fixed ?? 0) - 5) < 1e-9 && Math.abs((line?.perByte ?? 0) - 2e-6) < 1e-12);
});

test('nothing is the size 0, of every kind', (t) => {
  const nothing = { ...records, name: 'nothing', contestants: [measured('fork', summary(4), 1, 1, 1)] };
  const [growth] = growths(measurementOf(nothing, ...payloads({ 1_000_000: 6 })));
  t.deepEqual(
    growth?.series[0]?.points.map(({ bytes }) => bytes),
    [0, 1_000_000],
  );
  t.is(growth?.payloads.length, 1);
});

test('neither the fixed part nor the slope is negative', (t) => {
  t.deepEqual(lineThrough({ 1_000_000: 4, 100_000_000: 2 })?.perByte, 0);
  t.is(lineThrough({ 1_000_000: 1, 10_000_000: 100 })?.fixed, 0);
});

test('one size makes no line', (t) => {
  t.is(lineThrough({ 1_000_000: 4 }), undefined);
});

test('where two lines cross, the steeper one stops being cheaper', (t) => {
  const fork = { fixed: 6, perByte: 0 };
  t.is(cheaperUpTo({ fixed: 2, perByte: 4 }, fork), 1);
  t.is(cheaperUpTo({ fixed: 7, perByte: 5e-6 }, fork), 0);
  t.is(cheaperUpTo({ fixed: 1, perByte: 0 }, fork), Number.POSITIVE_INFINITY);
});
