import test from 'ava';
import { readAll } from '#dist/measure/values/checksum';
import { writeRun, writeScattered } from '#dist/measure/values/write';

/** Indexes of the values that differ. */
function changes(before: readonly unknown[], after: readonly unknown[]): number[] {
  return after.flatMap((value, at) => (value === before[at] ? [] : [at]));
}

test('a run is the first tenth', (t) => {
  const data = Array.from({ length: 40 }, (_, at) => at);
  t.is(writeRun(data, 40, 10), 4);
  t.deepEqual(changes([...Array(40).keys()], data), [0, 1, 2, 3]);
});

test('scattered is every tenth value', (t) => {
  const data = Array.from({ length: 40 }, (_, at) => at);
  t.is(writeScattered(data), 4);
  t.deepEqual(changes([...Array(40).keys()], data), [0, 10, 20, 30]);
});

test('values deep in objects are written in the order in which they are read', (t) => {
  const rows = Array.from({ length: 10 }, (_, id) => ({ id, name: `n${id}`, at: { x: 0.5 } }));
  t.is(writeRun(rows, readAll(rows).values, 10), 3);
  t.deepEqual(rows.slice(0, 2), [
    { id: 1, name: 'a', at: { x: 1.5 } },
    { id: 1, name: 'n1', at: { x: 0.5 } },
  ]);
});

test('a Map keeps its keys', (t) => {
  const map = new Map(Array.from({ length: 20 }, (_, at) => [`k${at}`, at]));
  const { values } = readAll(map);
  t.is(writeRun(map, values, 10), 2);
  t.is(writeScattered(map), 2);
  t.deepEqual([...map].slice(0, 3), [
    ['k0', 2],
    ['k1', 2],
    ['k2', 2],
  ]);
  t.is(map.get('k10'), 11);
});

test('bytes are written in place', (t) => {
  const run = Buffer.alloc(20);
  t.is(writeRun(run, 20, 10), 2);
  t.deepEqual(changes(Array(20).fill(0), [...run]), [0, 1]);
  const scattered = Buffer.alloc(20);
  t.is(writeScattered(scattered), 2);
  t.deepEqual(changes(Array(20).fill(0), [...scattered]), [0, 10]);
});

test('a run ends in the second of two buffers', (t) => {
  const buffers = [Buffer.alloc(5), Buffer.alloc(95)];
  t.is(writeRun(buffers, 100, 10), 10);
  t.is(buffers[0]?.filter(Boolean).length, 5);
  t.is(buffers[1]?.filter(Boolean).length, 5);
});

test('what cannot be written is passed over', (t) => {
  const frozen = Object.freeze([1, 2, 3]);
  t.is(writeRun([frozen, new Set([1]), new Date(0), null], 6, 10), 0);
  t.deepEqual(frozen, [1, 2, 3]);
  t.is(writeRun(null, 1, 10), 0);
});
