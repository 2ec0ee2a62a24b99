/** What has to arrive as it was sent. */
import { randomBytes } from 'node:crypto';

/** Occurs twice in one of them. */
export const shared: { of: string } = { of: 'both' };

export const holes: unknown[] = Object.assign(Array<unknown>(3), { 0: 1, 2: 3 });

export const values: [what: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['booleans', [true, false]],
  ['true', true],
  ['false', false],
  ['a number', 42],
  ['minus zero', -0],
  ['NaN', Number.NaN],
  ['infinity', -Infinity],
  ['a bigint', 2n ** 70n],
  ['an empty string', ''],
  ['a string', 'häß 漢字 🙂'],
  ['half of a surrogate pair', 'a\ud83d'],
  ['a long string', 'x'.repeat(300_000)],
  ['an object', { id: 7, name: 'x', list: [1, 'two', null, { three: true }], 5: 'index' }],
  ['an object with __proto__ as a key', JSON.parse('{"__proto__":1}')],
  ['an object with undefined in it', { there: undefined }],
  ['an object with minus zero in it', { zero: -0 }],
  ['an array with holes', holes],
  ['an array with a name', Object.assign([1], { name: 'list' })],
  ['the same object twice', [shared, shared]],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ['a Date', new Date(5)],
  ['a Map', new Map<unknown, unknown>([['a', new Set([1])]])],
  ['an error', new RangeError('far out')],
  ['a Buffer', Buffer.from('bytes')],
  ['an empty Buffer', Buffer.alloc(0)],
  ['a Uint8Array', Uint8Array.of(1, 2, 3)],
  ['a Float64Array', Float64Array.of(1.5, -2.5)],
  ['an ArrayBuffer', Uint8Array.of(9, 8).buffer],
  ['a Buffer that fills a frame', Buffer.alloc(128 * 1024, 'frame')],
  ['a Buffer of 100 kB', Buffer.alloc(100_000, 'abc')],
  ['a Buffer of 3 MB', Buffer.alloc(3_000_001, 'abcdefg')],
  [
    'several large buffers',
    [Buffer.alloc(70_000, 1), new Float64Array(100_000).fill(1.25), { c: Buffer.alloc(600_000, 3) }],
  ],
  ['a large Map', new Map(Array.from({ length: 20_000 }, (_, index) => [`key ${index}`, { index }]))],
  ['an array that contains itself', ((list: unknown[]) => (list.push(list), list))([])],
];

/** Messages of all the sizes that there are ways for. */
export function messages(): unknown[] {
  return [
    1,
    'text',
    null,
    { list: [1, { two: 2 }] },
    new Map([[1, new Set(['a'])]]),
    randomBytes(64),
    randomBytes(70_000),
    randomBytes(16_000_000),
    [randomBytes(600_000), 'x'.repeat(400_000)],
  ];
}
