import test from 'ava';
import { registerReducer, TransferError } from 'zygote';
import { pickle } from '#dist/transfer/pickle';
import { ESM, fatesOf } from './helpers/files.js';
import { passes } from './helpers/passes.js';
import { Box, double, NotFoundError, Point, Point3, Registry, SmallBox, Temperature } from './helpers/things.js';

test('an instance of a class with a reducer is rebuilt', (t) => {
  const copy = passes({ outside: new Temperature(280), inside: [new Temperature(293)] });
  t.true(copy.outside instanceof Temperature);
  t.is(copy.outside.kelvin, 280);
  t.is(copy.inside[0]?.kelvin, 293);
});

test('what occurs twice is rebuilt once', (t) => {
  const temperature = new Temperature(1);
  const copy = passes([temperature, new Map([[temperature, temperature]])] as const);
  t.true(copy[1].has(copy[0]));
  t.is(copy[1].get(copy[0]), copy[0]);
});

test('a state may have everything in it that can travel, complete when it is rebuilt from', (t) => {
  const point = new Point3(3, 4);
  const error = new NotFoundError('/a', [point]);
  const box = new Box([new Box({ point, double }), new Map([[point, new Temperature(3)]]), error]);
  const copy = passes({ point, box, error });
  const [inner, map, thrown] = copy.box.content as [Box, Map<Point, Temperature>, NotFoundError];
  t.deepEqual(inner.content, { point: copy.point, double });
  t.is(map.get(copy.point)?.kelvin, 3);
  t.is(thrown, copy.error);
  t.is((thrown.handler as unknown[])[0], copy.point);
  t.true(copy.point instanceof Point3);
});

export class Line {
  constructor(readonly from: Point) {}
}

test('instances in a state have their classes when it is rebuilt from', (t) => {
  const seen: unknown[] = [];
  registerReducer(Line, {
    reduce: ({ from }) => ({ from, errors: [new NotFoundError('/p')], registry: new Registry([[from, from]]) }),
    rebuild: ({ from, errors, registry }) => {
      seen.push(from.length, errors[0], registry.owner, registry.get(from) === from);
      return new Line(from);
    },
  });
  const from = new Point(3, 4);
  const copy = passes({ from, line: new Line(from) });
  t.is(copy.line.from, copy.from);
  const [length, error, owner, isSame] = seen;
  t.is(length, 5);
  t.true(error instanceof NotFoundError);
  t.is((error as NotFoundError).path, '/p');
  t.is(owner, 'nobody');
  t.true(isSame);
});

test('a subclass travels as the nearest class that has a reducer', (t) => {
  const copy = passes(new SmallBox(5));
  t.true(copy instanceof Box);
  t.is(copy.content, 5);
});

test('a state that contains the instance is refused, wherever', (t) => {
  const list: unknown[] = [];
  list.push(new Box({ list }));
  const error = t.throws(() => pickle({ list }), { instanceOf: TransferError });
  t.is(error.path, '$.list[0]');
  t.regex(error.reason, /reducer of Box gives contains the instance itself/);
  const point = new Point3(1, 2);
  point.self = new Box(new Map([[1, point]]));
  t.throws(() => pickle(point), { instanceOf: TransferError, message: /contains the instance itself/ });
});

test('a state that cannot travel is refused, with the paths to the instance and inside of the state', (t) => {
  const error = t.throws(() => pickle({ a: [new Box({ f: () => {} })] }), { instanceOf: TransferError });
  t.is(error.path, '$.a[0]');
  t.regex(error.reason, /reducer gives .* at \$\.content\.f: it is the function f/);
});

export class Broken {
  a = 1;
}

test('a reducer that throws is an error with what it throws as the cause', (t) => {
  registerReducer(Broken, {
    reduce: () => {
      throw new RangeError('no state');
    },
    rebuild: () => new Broken(),
  });
  const error = t.throws(() => pickle([new Broken()]), { instanceOf: TransferError });
  t.is(error.path, '$[0]');
  t.regex(error.reason, /its reducer throws RangeError: no state/);
  t.true(error.cause instanceof RangeError);
});

export class Unlucky {
  a = 1;
}

test('a rebuild that throws, or gives no object, is an error', (t) => {
  registerReducer(Unlucky, {
    reduce: () => 1,
    rebuild: () => {
      throw new RangeError('not again');
    },
  });
  const error = t.throws(() => passes(new Unlucky()), { instanceOf: TransferError });
  t.regex(error.message, /rebuild\(\) of the reducer of Unlucky throws RangeError: not again/);
  registerReducer(Unlucky, { reduce: () => 1, rebuild: () => 5 as unknown as Unlucky });
  t.throws(() => passes(new Unlucky()), { instanceOf: TransferError, message: /gave no object/ });
});

test('a class that other processes cannot find is refused', (t) => {
  class Local {
    a = 1;
  }
  registerReducer(Local, { reduce: () => 1, rebuild: () => new Local() });
  t.throws(() => pickle(new Local()), {
    instanceOf: TransferError,
    message: /cannot find the class of its reducer: it is the class Local/,
  });
});

test('built-in classes can have reducers', (t) => {
  registerReducer(URL, { reduce: ({ href }) => href, rebuild: (href: string) => new URL(href) });
  const copy = passes([new URL('http://a/b?c')]);
  t.true(copy[0] instanceof URL);
  t.is(copy[0]?.href, 'http://a/b?c');
});

test('what is no class, or no reducer, is a TypeError', (t) => {
  const reducer = { reduce: () => 1, rebuild: () => ({}) };
  t.throws(() => registerReducer((() => {}) as unknown as typeof Object, reducer), { instanceOf: TypeError });
  t.throws(() => registerReducer(Broken, {} as typeof reducer), {
    instanceOf: TypeError,
    message: /reduce and rebuild/,
  });
});

test('another process imports the module that registers the reducer', async (t) => {
  const fates = await fatesOf(t, {
    'main.mjs': `${ESM}
      import { Apart, Together } from './classes.mjs';
      import './register.mjs';
      send({ apart: new Apart(1), together: new Together(2), lost: [new Apart(3)][0] });`,
    'classes.mjs': `import { registerReducer } from ${JSON.stringify(import.meta.resolve('zygote'))};
      export class Apart { #value; constructor(value) { this.#value = value; } get value() { return this.#value; } show() { return this.value; } }
      export class Together extends Apart {}
      registerReducer(Together, { reduce: ({ value }) => value, rebuild: (value) => new Together(value * 10) });`,
    'register.mjs': `import { registerReducer } from ${JSON.stringify(import.meta.resolve('zygote'))};
      import { Apart } from './classes.mjs';
      registerReducer(Apart, { reduce: ({ value }) => value, rebuild: (value) => new Apart(value * 100) });`,
  });
  t.deepEqual(fates, { apart: { result: 100 }, together: { result: 20 }, lost: { result: 300 } });
});

test('a process that does not get to know the reducer says so', async (t) => {
  const fates = await fatesOf(t, {
    'main.mjs': `${ESM}
      import { Lonely } from './class.mjs';
      import { registerReducer } from ${JSON.stringify(import.meta.resolve('zygote'))};
      if (!process.argv[1].endsWith('receiver.js')) {
        registerReducer(Lonely, { reduce: () => 1, rebuild: () => new Lonely() });
        send({ lonely: new Lonely() });
      }`,
    'class.mjs': 'export class Lonely { #a; show() {} }',
  });
  t.regex(
    fates['lonely']?.error ?? '',
    /has no reducer for Lonely: call registerReducer\(\) at the top level of the module/,
  );
});
