import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { TransferError } from 'zygote';
import { deserialize, serialize } from '#dist/transfer/values';

const passesThrough = (value: unknown): unknown => deserialize(serialize(value));

const cyclic: Record<string, unknown> = { list: [1, 2] };
cyclic['self'] = cyclic;

const values: [what: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['booleans', [true, false]],
  ['numbers', [0, -0, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 53]],
  ['BigInts', [0n, -1n, 2n ** 200n]],
  ['strings', ['', 'a', 'ä€😀', '\0', '\ud800', 'x'.repeat(100_000)]],
  ['boxed primitives', [new Number(1), new String('a'), new Boolean(false), Object(1n)]],
  ['dates', [new Date(0), new Date(Number.NaN)]],
  ['regular expressions', [/a(b)/giu]],
  ['arrays with holes', [1, , 3]], // oxlint-disable-line no-sparse-arrays
  ['objects', { a: { b: [{}] }, '': 1, 'a b': 2 }],
  [
    'Maps and Sets',
    [
      new Map<unknown, unknown>([
        ['a', 1],
        [{ b: 1 }, new Set([1])],
      ]),
      new Set([[1]]),
    ],
  ],
  [
    'ArrayBuffers and views',
    [new ArrayBuffer(3), new Uint16Array([1, 2]), new Float64Array([0.1]), new BigInt64Array([1n])],
  ],
  ['a DataView', new DataView(Uint8Array.of(1, 2, 3).buffer, 1)],
  ['Buffers', [Buffer.from('abc'), Buffer.alloc(0)]],
  ['cycles', cyclic],
  ['errors', new RangeError('message')],
];

for (const [what, value] of values) {
  test(`${what} pass through unchanged`, (t) => t.deepEqual(passesThrough(value), value));
}

test('Buffers come back as Buffers, and other views as what they were', (t) => {
  t.true(Buffer.isBuffer(passesThrough(Buffer.from('a'))));
  t.false(Buffer.isBuffer(passesThrough(new Uint8Array(1))));
});

test('an object that occurs twice comes back as one', (t) => {
  const shared = {};
  const [first, second] = passesThrough([shared, shared]) as object[];
  t.is(first, second);
});

test('a Buffer that is a part of a larger one takes its own bytes only', (t) => {
  const part = Buffer.alloc(1_000_000).subarray(10, 20);
  t.true(serialize(part).length < 1000);
});

const self: Record<string, unknown> = {};
self['again'] = self;
self['handler'] = () => {};
const named = { handler() {} };
class Point {
  #secret = 1;
  handler = (): number => this.#secret;
}

const refused: [what: string, make: () => unknown, path: string, reason: RegExp][] = [
  ['a function', () => named.handler, '$', /the function handler/],
  ['an anonymous function', () => () => {}, '$', /the function \(anonymous\)/],
  ['a symbol', () => Symbol('a'), '$', /symbol/],
  ['a function in an object', () => ({ jobs: [{}, { run: named.handler }] }), '$.jobs[1].run', /function/],
  ['a function under a name that is no identifier', () => ({ 'a-b': { '': () => {} } }), '$["a-b"][""]', /function/],
  [
    'a function in a Map',
    () =>
      new Map<unknown, unknown>([
        ['a', 1],
        ['key', { f() {} }],
      ]),
    '$.get("key").f',
    /function f/,
  ],
  ['a function in a Map under a number', () => new Map([[7, () => {}]]), '$.get(7)', /function/],
  ['a function as the key of a Map', () => new Map([[() => {}, 1]]), '$.keys()[0]', /function/],
  ['a function in a Set', () => ({ set: new Set([1, [() => {}]]) }), '$.set.values()[1][0]', /function/],
  ['a function in a cyclic object', () => self, '$.handler', /function/],
  ['a function in an instance of a class', () => ({ at: new Point() }), '$.at.handler', /function/],
  [
    'a getter that throws',
    () => ({
      a: {
        get b(): never {
          throw new RangeError('no');
        },
      },
    }),
    '$.a',
    /RangeError: no/,
  ],
  ['a Proxy', () => ({ a: new Proxy({}, {}) }), '$.a', /Proxy/],
  ['a WeakMap', () => [new WeakMap()], '$[0]', /WeakMap/],
  ['a promise', () => ({ later: Promise.resolve() }), '$.later', /Promise/],
  ['shared memory', () => ({ memory: new SharedArrayBuffer(1) }), '$.memory', /SharedArrayBuffer/],
  ['a symbol in an array', () => [1, Symbol('a')], '$[1]', /symbol/],
];

for (const [what, make, path, reason] of refused) {
  test(`${what} is refused, with the path to it`, (t) => {
    const error = t.throws(() => serialize(make()), { instanceOf: TransferError });
    t.is(error.path, path);
    t.regex(error.reason, reason);
    t.is(error.message, `cannot transfer ${path}: ${error.reason}`);
    t.true(error.cause instanceof Error);
  });
}

test('a server that listens is refused, with a path inside of it', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const error = t.throws(() => serialize({ server }), { instanceOf: TransferError });
  t.regex(error.path, /^\$\.server\b/);
});

test('the path to a value deep inside is found', (t) => {
  let value: unknown = () => {};
  for (let depth = 0; depth < 200; depth++) value = { a: value };
  const error = t.throws(() => serialize(value), { instanceOf: TransferError });
  t.is(error.path, `$${'.a'.repeat(200)}`);
});
