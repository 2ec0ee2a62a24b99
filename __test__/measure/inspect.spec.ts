import test from 'ava';
import { inspectData } from '#dist/measure/values/inspect';

test('plain data goes through JSON', (t) => {
  t.deepEqual(inspectData([{ a: 1, b: ['x', null, true, { c: -1.5 }] }]), {});
  t.deepEqual(inspectData(null), {});
});

const notJson: [unknown, RegExp][] = [
  [new Map([[1, 2]]), /^\$ is a Map/],
  [{ a: [1, new Set()] }, /^\$\.a\[1\] is a Set/],
  [Buffer.alloc(1), /^\$ is a Buffer, which becomes a list of numbers/],
  [{ when: new Date(0) }, /^\$\.when is a Date/],
  [[1, Number.NaN], /^\$\[1\] is NaN, which becomes null/],
  [{ x: undefined }, /^\$\.x is undefined, which is left out/],
  [[10n], /^\$\[0\] is a bigint/],
  [{ f: () => 1 }, /^\$\.f is a function, which is left out/],
  [{ toJSON: () => 1 }, /^\$ has a toJSON function/],
  // eslint-disable-next-line no-sparse-arrays
  [[1, , 2], /^\$\[1\] is undefined/],
];
for (const [data, expected] of notJson) {
  test(`not for JSON: ${String(expected)}`, (t) => {
    t.regex(inspectData(data).notJson ?? '', expected);
  });
}

test('a cycle cannot be measured', (t) => {
  const data: { list: unknown[] } = { list: [1] };
  data.list.push({ back: data });
  t.regex(inspectData(data).notMeasurable ?? '', /^\$\.list\[1\]\.back refers to an object that it is in/);
});

test('the same object in two places is no cycle', (t) => {
  const shared = { a: 1 };
  t.deepEqual(inspectData([shared, shared, { shared }]), {});
});

test('data that is nested too deep cannot be measured', (t) => {
  let deep: unknown = 1;
  for (let at = 0; at < 100_000; at++) deep = [deep];
  t.regex(inspectData(deep).notMeasurable ?? '', /nested more than 1000 deep/);
});
