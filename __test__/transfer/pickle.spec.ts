import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import test from 'ava';
import { TransferError } from 'zygote';
import { pickle, unpickle } from '#dist/transfer/pickle';
import { delivered, passes } from './helpers/passes.js';
import {
  Account,
  api,
  arrow,
  double,
  Moment,
  Point,
  Point3,
  Registry,
  Samples,
  Savings,
  Stack,
  Tags,
  Theme,
} from './helpers/things.js';

const LARGE = 65_536;

const cyclic: Record<string, unknown> = { list: [1, 2] };
cyclic['self'] = cyclic;

const regExpMatch = /(?<letter>b)/.exec('abc');

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
  ['arrays with holes and a function', [1, , double]], // oxlint-disable-line no-sparse-arrays
  ['arrays with names', [regExpMatch, double]],
  ['objects', { a: { b: [{}] }, '': 1, 'a b': 2 }],
  ['an object with many properties', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, [i]]))],
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
    [
      new ArrayBuffer(3),
      new Uint8ClampedArray(2),
      new Uint16Array([1, 2]),
      new Float64Array([0.1]),
      new BigInt64Array([1n]),
    ],
  ],
  ['a DataView', new DataView(Uint8Array.of(1, 2, 3).buffer, 1)],
  ['Buffers', [Buffer.from('abc'), Buffer.alloc(0)]],
  ['large views', [new Uint8Array(LARGE).fill(1), new Float32Array(LARGE).fill(2), Buffer.alloc(LARGE, 3)]],
  ['large ArrayBuffers', [new Uint8Array(LARGE).fill(1).buffer]],
  ['cycles', cyclic],
  ['functions', { double, arrow, list: [double, api.users.create] }],
  ['functions in Maps and Sets', [new Map<unknown, unknown>([[double, arrow]]), new Set([double, 1, arrow])]],
  ['classes', [Point, Point3, Account]],
  ['methods of classes', [Point.origin]],
  ["functions and classes of Node's", [Math.max, JSON.parse, Map, URL, EventEmitter, inspect, Buffer.from]],
  ['instances', [new Point(1, 2), new Point3(1, 2), new Theme()]],
  ['instances of classes that extend built-in ones', [new Stack(1, 2, 3), new Tags([1]), new Moment(5)]],
];

for (const [what, value] of values) {
  test(`${what} pass through unchanged`, (t) => t.deepEqual(passes(value), value));
}

test('a key __proto__ passes through, also where it holds a function', (t) => {
  const value: unknown = JSON.parse('{"a":{"__proto__":{"b":1}}}');
  t.deepEqual(Object.keys((passes(value) as { a: object }).a), ['__proto__']);
  const own = Object.defineProperty({}, '__proto__', { value: double, enumerable: true });
  t.is(Object.getOwnPropertyDescriptor(passes(own), '__proto__')?.value, double);
});

test('an object without a prototype arrives as a plain one', (t) => {
  t.deepEqual(passes(Object.assign(Object.create(null), { a: 1 }) as object), { a: 1 });
});

test('an array with little in it is not walked through', (t) => {
  const copy = passes(Object.assign([], { length: 4_000_000_000, 3_999_999_999: double }) as unknown[]);
  t.is(copy.length, 4_000_000_000);
  t.is(copy.at(-1), double);
  t.is(Object.keys(copy).length, 1);
});

test('Buffers come back as Buffers, and other views as what they were', (t) => {
  for (const length of [1, LARGE]) {
    t.true(Buffer.isBuffer(passes(Buffer.alloc(length))));
    t.false(Buffer.isBuffer(passes(new Uint8Array(length))));
  }
});

test('a small view has memory of its own, and not that of the message', (t) => {
  t.is(passes({ view: new Uint16Array(3), text: 'x'.repeat(100) }).view.buffer.byteLength, 6);
});

test('what occurs twice comes back as one', (t) => {
  const object = { double };
  const point = new Point(1, 2);
  const map = new Map([[double, point]]);
  const { list, ...others } = passes({ list: [object, point, map], object, point, map, again: new Set([object]) });
  t.deepEqual(list, [others.object, others.point, others.map]);
  t.true(list.every((part) => Object.values(others).includes(part as never)));
  t.is([...others.again][0], others.object);
  t.is(others.map.get(double), others.point);
});

test('an instance keeps its class, its accessors and its cycles', (t) => {
  const point = new Point3(3, 4);
  point.self = [point, new Map([[point, double]])];
  const copy = passes(point);
  t.true(copy instanceof Point3);
  t.is(copy.length, 5);
  const [self, map] = copy.self as [unknown, Map<unknown, unknown>];
  t.is(self, copy);
  t.is(map.get(copy), double);
  t.not(copy, point);
});

test('instances of classes that extend built-in ones keep both, with their own properties', (t) => {
  const registry = new Registry([[1, new Point(1, 2)]]);
  registry.owner = { registry, double };
  const copy = passes(registry);
  t.true(copy instanceof Registry);
  t.true(copy.get(1) instanceof Point);
  t.deepEqual(copy.owner, { registry: copy, double });
  const stack = Stack.from([1, double]) as Stack;
  stack.name = 'mine';
  t.is(passes(stack).peek(), double);
  t.is(passes(stack).name, 'mine');
  for (const length of [2, LARGE]) {
    const samples = new Samples(length).fill(7);
    const arrived = passes(samples);
    t.true(arrived instanceof Samples);
    t.is(arrived.length, length);
    t.is(arrived[1], 7);
    t.is(arrived.unit, 'm');
  }
});

test('an instance of a class that nobody can import arrives as a plain object', (t) => {
  class Local {
    a = 1;
    point = new Point(1, 2);
  }
  const copy = passes(new Local());
  t.is(Object.getPrototypeOf(copy), Object.prototype);
  t.true(copy.point instanceof Point);
  t.deepEqual(copy, { a: 1, point: new Point(1, 2) } as Local);
  const bare = Object.create({ inherited: double }) as object;
  t.deepEqual(passes(Object.assign(bare, { own: 1 })), { own: 1 });
});

test('instances of built-in classes are as structured clone makes them', (t) => {
  t.deepEqual(passes([new URL('file:///a')]) as unknown[], [{}]);
});

test('a getter is read', (t) => {
  const value = {
    get handler(): unknown {
      return double;
    },
  };
  t.deepEqual(passes(value), { handler: double });
});

test('many instances, also where one occurs often', (t) => {
  const shared = new Point(0, 0);
  const copy = passes(Array.from({ length: 10_000 }, (_, index) => (index % 2 ? shared : new Point(index, 0))));
  t.true(copy.every((point) => point instanceof Point));
  t.is(copy[1], copy[9999]);
  t.is(copy[9998]?.x, 9998);
});

test('a large array that occurs often is looked at once', (t) => {
  const large = Array.from({ length: 100_000 }, (_, index) => index);
  const copy = passes(Array.from({ length: 100_000 }, () => large));
  t.is(copy[0], copy[99_999]);
});

test('large buffers travel outside, and are not copied', (t) => {
  const bytes = new Uint8Array(2 * LARGE).fill(7);
  const { segments } = pickle({ a: { bytes }, fast: Buffer.from('x') });
  t.is(segments.length, 2);
  t.is(segments[1]?.buffer, bytes.buffer);
  t.true((segments[0]?.length ?? 0) < 200);
  const { a } = unpickle({ segments, descriptors: [] }) as { a: { bytes: Uint8Array } };
  t.is(a.bytes.buffer, bytes.buffer);
  t.deepEqual(a.bytes, bytes);
});

test('views of one large ArrayBuffer stay so, with the buffer and without it', (t) => {
  const buffer = new ArrayBuffer(4 * LARGE);
  const whole = new Float64Array(buffer).fill(1);
  const part = new Uint8Array(buffer, 8, LARGE);
  const small = new Int16Array(buffer, 6, 4);
  for (const value of [
    { whole, part, small, buffer },
    { part, whole, small, buffer },
  ]) {
    const pickled = pickle(value);
    t.deepEqual(
      pickled.segments.slice(1).map(({ length }) => length),
      [4 * LARGE],
    );
    const copy = unpickle(delivered(pickled)) as typeof value;
    t.is(copy.whole.buffer, copy.buffer);
    t.is(copy.part.buffer, copy.buffer);
    t.is(copy.small.buffer, copy.buffer);
    t.is(copy.part.byteOffset, 8);
    t.deepEqual(copy.whole, whole);
  }
  const parts = [new Uint8Array(buffer, 11, LARGE), new Uint8Array(buffer, 11 + LARGE, LARGE)] as const;
  const [first, second] = passes(parts);
  t.is(first.buffer, second.buffer);
  t.is(second.byteOffset - first.byteOffset, LARGE);
});

test('what lies between two views that are far apart does not travel', (t) => {
  const buffer = new ArrayBuffer(20 * LARGE);
  const far = [new Uint8Array(buffer, 0, LARGE), new Uint8Array(buffer, 19 * LARGE, LARGE)];
  const pickled = pickle(far);
  t.deepEqual(
    pickled.segments.slice(1).map(({ length }) => length),
    [LARGE, LARGE],
  );
  t.deepEqual(unpickle(delivered(pickled)), far);
  t.true(pickle(Buffer.alloc(1_000_000).subarray(10, 20)).segments[0]!.length < 100);
});

test('elements are aligned at the other side, wherever the view begins', (t) => {
  const doubles = new Float64Array(new ArrayBuffer(8 * LARGE + 24), 24, LARGE).fill(0.5);
  t.deepEqual(passes(doubles), doubles);
  const pickled = pickle([new Float64Array(LARGE).fill(0.25), new ArrayBuffer(LARGE)]);
  const unaligned = {
    ...pickled,
    segments: pickled.segments.map((segment) => {
      const memory = new Uint8Array(segment.length + 9);
      memory.set(segment, 3);
      return memory.subarray(3, 3 + segment.length);
    }),
  };
  t.deepEqual(unpickle(unaligned), [new Float64Array(LARGE).fill(0.25), new ArrayBuffer(LARGE)]);
});

const { ArrayBuffer: Resizable } = globalThis as unknown as {
  ArrayBuffer: new (length: number, options: { maxByteLength: number }) => ArrayBuffer & { resizable: boolean };
};

test('an ArrayBuffer that can be resized stays so', (t) => {
  const copy = passes(new Resizable(LARGE, { maxByteLength: 2 * LARGE }));
  t.true(copy.resizable);
  t.is(copy.byteLength, LARGE);
});

test('primitives take a few bytes', (t) => {
  for (const value of [undefined, null, true, 1, 'a']) t.true(pickle(value).segments[0]!.length < 10);
});

class Hidden {
  readonly #secret = 1;

  get secret(): number {
    return this.#secret;
  }
}

const self: Record<string, unknown> = {};
self['again'] = self;
self['handler'] = () => {};
const named = { handler() {} };
const revoked = Proxy.revocable({}, {});
revoked.revoke();

const refused: [what: string, make: () => unknown, path: string, reason: RegExp][] = [
  ['a method', () => named.handler, '$', /method handler at .*pickle\.spec/],
  ['an anonymous function', () => () => {}, '$', /function \(anonymous\) at .*:\d+:\d+, .*define\(\).*'fork'/],
  ['a symbol', () => Symbol('a'), '$', /symbol/],
  ['a function in an object', () => ({ jobs: [{}, { run: () => {} }] }), '$.jobs[1].run', /function run/],
  ['a function under a name that is no identifier', () => ({ 'a-b': { '': () => {} } }), '$["a-b"][""]', /function/],
  [
    'a function in a Map',
    () =>
      new Map<unknown, unknown>([
        ['a', 1],
        ['key', { f: () => {} }],
      ]),
    '$.get("key").f',
    /function f/,
  ],
  ['a function in a Map under a number', () => new Map([[7, () => {}]]), '$.get(7)', /function/],
  ['a function as the key of a Map', () => new Map([[() => {}, 1]]), '$.keys()[0]', /function/],
  ['a function in a Set', () => ({ set: new Set([1, [() => {}]]) }), '$.set.values()[1][0]', /function/],
  ['a function in a cyclic object', () => self, '$.handler', /function/],
  [
    'a function in an instance',
    () => ({ at: Object.assign(new Point(1, 2), { f: () => {} }) }),
    '$.at.f',
    /function f/,
  ],
  [
    'a function in an own property of a Map',
    () => [Object.assign(new Registry(), { owner: () => {} })],
    '$[0].owner',
    /function owner/,
  ],
  ['a function in an error', () => ({ e: new Error('a', { cause: [() => {}] }) }), '$.e.cause[0]', /function/],
  ['an instance with private members', () => [new Account()], '$[0]', /an Account, which has private.*registerReducer/],
  ['an instance whose base class has some', () => ({ a: new Savings() }), '$.a', /a Savings, .*registerReducer/],
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
  ['a Proxy', () => ({ a: new Proxy({}, {}) }), '$.a', /a Proxy/],
  ['a Proxy with a function in it', () => ({ a: new Proxy({ double }, {}) }), '$.a', /a Proxy/],
  ['a Proxy that was revoked', () => ({ a: [revoked.proxy] }), '$.a[0]', /a Proxy/],
  ['a function behind a Proxy', () => ({ a: new Proxy(double, {}) }), '$.a', /behind a Proxy/],
  ['a WeakMap', () => [new WeakMap()], '$[0]', /a WeakMap/],
  ['a promise', () => ({ later: Promise.resolve(), double }), '$.later', /a Promise/],
  ['a generator', () => [double, (function* () {})()], '$[1]', /an object/],
  ['shared memory', () => ({ memory: new SharedArrayBuffer(1) }), '$.memory', /SharedArrayBuffer.*copy/],
  ['a view of shared memory', () => [new Uint8Array(new SharedArrayBuffer(1))], '$[0]', /on a SharedArrayBuffer/],
  ['a symbol in an array', () => [1, Symbol('a')], '$[1]', /symbol/],
];

for (const [what, make, path, reason] of refused) {
  test(`${what} is refused, with the path to it`, (t) => {
    const error = t.throws(() => pickle(make()), { instanceOf: TransferError });
    t.is(error.path, path);
    t.regex(error.reason, reason);
    t.is(error.message, `cannot transfer ${path}: ${error.reason}`);
    t.is(error.code, 'ERR_ZYGOTE_TRANSFER');
  });
}

test('private members of a class that nobody can import are as structured clone treats them: not there', (t) => {
  t.deepEqual(passes([new Hidden()]) as unknown[], [{}]);
});

test('the path to a value deep inside is found', (t) => {
  let value: unknown = () => {};
  for (let depth = 0; depth < 200; depth++) value = { a: value };
  t.is(t.throws(() => pickle(value), { instanceOf: TransferError }).path, `$${'.a'.repeat(200)}`);
});

test('what is nested deeply passes through; too deeply, it is refused', (t) => {
  const nest = (depth: number, inner: unknown): unknown => {
    let value = inner;
    while (depth-- > 0) value = { value };
    return value;
  };
  for (const inner of [1, double, new Point(1, 2)]) {
    t.notThrows(() => passes(nest(500, inner)));
    t.throws(() => pickle(nest(100_000, inner)), { instanceOf: TransferError, message: /nested too deeply/ });
  }
});
