import { deserialize, serialize } from 'node:v8';
import test from 'ava';
import { readAll } from '#dist/measure/values/checksum';

const records = [
  { id: 1, name: 'Ærøskøbing', score: 0.1 + 0.2, tags: ['a', null, true] },
  { id: 2 ** 40, name: '', score: -1e300, tags: [] },
];
const nested = new Map<unknown, unknown>([
  ['key', { when: new Date(1e12), bytes: Buffer.from([1, 2, 3, 4, 5]) }],
  [2, new Set([undefined, 10n, 'x'])],
]);

test('the checksum is the same in every run', (t) => {
  t.deepEqual(readAll([1, 'two', 3.5, null]), { checksum: 'c09b391c', values: 4 });
  t.deepEqual(readAll(Buffer.from([1, 2, 3, 4, 5])), { checksum: 'b89b3f3d', values: 5 });
});

test('values are counted, bytes one by one; keys, elements of Sets and Dates are not', (t) => {
  t.is(readAll(records).values, 9);
  t.is(readAll(nested).values, 5);
  t.is(readAll(Buffer.alloc(1001)).values, 1001);
  t.is(readAll(null).values, 1);
});

test('data that went through JSON or structured clone has the same checksum', (t) => {
  t.deepEqual(readAll(JSON.parse(JSON.stringify(records))), readAll(records));
  t.deepEqual(readAll(structuredClone(records)), readAll(records));
  t.deepEqual(readAll(structuredClone(nested)), readAll(nested));
  t.deepEqual(readAll(deserialize(serialize(nested))), readAll(nested));
  t.deepEqual(readAll(JSON.parse(JSON.stringify([-0]))), readAll([-0]));
});

test('bytes are the same in any kind of buffer, at any offset', (t) => {
  const bytes = [1, 2, 3, 4, 5, 6, 7];
  const expected = readAll(Buffer.from(bytes)).checksum;
  const shared = new Uint8Array(new SharedArrayBuffer(7));
  shared.set(bytes);
  const shifted = Buffer.from([0, ...bytes]).subarray(1);
  for (const same of [Uint8Array.from(bytes), Uint8Array.from(bytes).buffer, shared, shared.buffer, shifted]) {
    t.is(readAll(same).checksum, expected);
  }
});

test('how V8 stores a value makes no difference', (t) => {
  const half = 'a string that is long enough to be ';
  t.is(readAll(half + 'joined from two').checksum, readAll(`${half}joined from two`).checksum);
  const slow: Record<string, number> = { b: 2, a: 1 };
  delete slow['b'];
  t.is(readAll(slow).checksum, readAll({ a: 1 }).checksum);
  const doubles = [1.5, 2];
  doubles.shift();
  t.is(readAll(doubles).checksum, readAll([2]).checksum);
});

const different: [string, unknown, unknown][] = [
  ['a digit', [12345], [12346]],
  ['the last bit of a double', [0.1 + 0.2], [0.3]],
  ['a character', ['reading'], ['readinG']],
  ['the type of a value', ['1'], [1]],
  ['nesting', [1, [2]], [[1], 2]],
  ['order', [1, 2], [2, 1]],
  ['a key', { a: 1 }, { b: 1 }],
  ['a Map key', new Map([['a', 1]]), new Map([['b', 1]])],
  ['undefined and null', [undefined], [null]],
  ['the last byte', Buffer.from([1, 2, 3, 4, 5]), Buffer.from([1, 2, 3, 4, 6])],
  ['where one string ends', ['ab', 'c'], ['a', 'bc']],
  ['an empty list and an empty object', [], {}],
];
for (const [what, one, other] of different) {
  test(`it tells apart: ${what}`, (t) => {
    t.not(readAll(one).checksum, readAll(other).checksum);
  });
}
