import assert from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { ProcessExitError, TransferError } from 'zygote';
import { pickle, pickleThrown, unpickle } from '#dist/transfer/pickle';
import { delivered, passes, passesThrown } from './helpers/passes.js';
import { double, NotFoundError, Point, Temperature } from './helpers/things.js';

const errorThrough = (thrown: Error): Error & Record<string, unknown> =>
  passesThrown(thrown) as Error & Record<string, unknown>;

class LocalError extends RangeError {
  override name = 'LocalError';

  constructor(
    readonly path: string,
    readonly status = 404,
  ) {
    super(`${path} was not found`);
  }

  get isClient(): boolean {
    return this.status < 500;
  }
}

for (const Class of [Error, RangeError, TypeError, SyntaxError, ReferenceError, URIError, EvalError]) {
  test(`a ${Class.name} keeps class, message and stack`, (t) => {
    const thrown = new Class('message');
    for (const error of [errorThrough(thrown), passes([thrown])[0]!]) {
      t.is(Object.getPrototypeOf(error), Class.prototype);
      t.is(error.name, Class.name);
      t.is(error.message, 'message');
      t.is(error.stack, thrown.stack);
      t.deepEqual(Object.keys(error), []);
      t.true(Object.prototype.toString.call(error) === '[object Error]');
    }
  });
}

test('an error of a class that its module exports is an instance of it', (t) => {
  const error = passes(new NotFoundError('/a', double));
  t.true(error instanceof NotFoundError);
  t.is(error.handler, double);
  t.is(error.name, 'NotFoundError');
});

test('an error of a class that nothing but its module knows is an instance of it', (t) => {
  const error = errorThrough(new LocalError('/a'));
  t.true(error instanceof LocalError);
  t.true(error instanceof RangeError);
  t.is(error.message, '/a was not found');
  t.is(error['path'], '/a');
  t.is(error['status'], 404);
  t.true(error['isClient']);
  t.is(error.name, 'LocalError');
});

test('two classes of one name are told apart', (t) => {
  const one = (() =>
    class Same extends Error {
      first = 1;
    })();
  const two = (() =>
    class Same extends Error {
      second = 2;
    })();
  t.true(errorThrough(new one()) instanceof one);
  t.true(errorThrough(new two()) instanceof two);
});

test('an error of a class that does not exist here is of the nearest class that does', async (t) => {
  const strange = Object.defineProperty(new RangeError('message'), 'constructor', { value: null });
  t.true(errorThrough(strange) instanceof RangeError);
  const pickled = pickleThrown(new NotFoundError('/a'));
  // As if it came from a process with other modules.
  const [first] = pickled.segments as [Buffer];
  const text = first.toString('latin1').replaceAll('NotFoundError', 'NotFoundErrer');
  const elsewhere = { segments: [Buffer.from(text, 'latin1')], descriptors: [] };
  const error = await unpickle(delivered(elsewhere));
  t.true(error instanceof Error);
  t.false(error instanceof NotFoundError);
});

test('errors of this package and of Node keep what they have', (t) => {
  const exit = errorThrough(new ProcessExitError('job', { exitCode: 3, signalCode: null }));
  t.true(exit instanceof ProcessExitError);
  t.like(exit, { name: 'job', code: 'ERR_ZYGOTE_PROCESS_EXIT', exitCode: 3, signalCode: null });
  const transfer = errorThrough(new TransferError('$.a', 'it is a socket'));
  t.true(transfer instanceof TransferError);
  t.like(transfer, { path: '$.a', reason: 'it is a socket' });
  const failed = errorThrough(t.throws(() => assert.deepEqual({ a: 1 }, { a: 2 })));
  t.true(failed instanceof assert.AssertionError);
  t.like(failed, { code: 'ERR_ASSERTION', actual: { a: 1 }, expected: { a: 2 }, operator: 'deepEqual' });
  const missing = errorThrough(t.throws(() => process.chdir('/nowhere/at/all')));
  t.like(missing, { code: 'ENOENT', syscall: 'chdir', dest: '/nowhere/at/all' });
});

test('a DOMException, such as an AbortError, stays one', (t) => {
  const error = passesThrown(AbortSignal.abort().reason) as DOMException;
  t.true(error instanceof DOMException);
  t.is(error.name, 'AbortError');
  t.is(error.code, 20);
  t.is(error.message, (AbortSignal.abort().reason as DOMException).message);
});

test('causes are kept, errors and others', (t) => {
  const thrown = new Error('outer', { cause: new NotFoundError('/a') });
  (thrown.cause as Error).cause = { code: 7, point: new Point(1, 2) };
  for (const error of [errorThrough(thrown), passes({ thrown }).thrown]) {
    t.true(error.cause instanceof NotFoundError);
    const { code, point } = (error.cause as Error).cause as { code: number; point: Point };
    t.is(code, 7);
    t.true(point instanceof Point);
    t.false(Object.keys(error).includes('cause'));
  }
  t.false('cause' in errorThrough(new Error('without')));
  t.true('cause' in errorThrough(new Error('with', { cause: undefined })));
});

test('the parts of an AggregateError are kept', (t) => {
  const error = errorThrough(new AggregateError([new NotFoundError('/a'), 'text', new TypeError('b')], 'several'));
  t.true(error instanceof AggregateError);
  const [first, second, third] = (error as unknown as AggregateError).errors as unknown[];
  t.true(first instanceof NotFoundError);
  t.is(second, 'text');
  t.true(third instanceof TypeError);
});

test('own properties are kept; what cannot be is described, with its path', (t) => {
  const thrown = Object.assign(new Error('message'), {
    code: 'E1',
    details: new Map([['a', [1n]]]),
    temperature: new Temperature(1),
    double,
    handler: () => {},
    request: { server: { close() {} }, id: 5 },
  });
  const error = errorThrough(thrown);
  t.is(error['code'], 'E1');
  t.deepEqual(error['details'], new Map([['a', [1n]]]));
  t.is((error['temperature'] as Temperature).kelvin, 1);
  t.is(error['double'], double);
  t.regex(String(error['handler']), /^\[cannot transfer \$: it is the function handler/);
  t.regex(String(error['request']), /^\[cannot transfer \$\.server\.close: /);
  t.deepEqual(Object.keys(error), Object.keys(thrown));
});

test('what cannot travel in a cause, and in the cause of that, is described', (t) => {
  const inner = Object.assign(new Error('inner'), { socket: () => {} });
  const thrown = new Error('outer', { cause: Object.assign(new Error('middle', { cause: inner }), { code: 1 }) });
  const middle = errorThrough(thrown).cause as Error & { code: number };
  t.is(middle.code, 1);
  t.is((middle.cause as Error).message, 'inner');
  t.regex(String((middle.cause as { socket?: unknown }).socket), /cannot transfer/);
  const parts = new AggregateError([inner, () => {}], 'several');
  const [first, second] = (errorThrough(parts) as unknown as AggregateError).errors as unknown[];
  t.is((first as Error).message, 'inner');
  t.regex(String(second), /cannot transfer/);
});

test('a property whose getter throws does not prevent the rest', (t) => {
  const thrown = Object.defineProperty(Object.assign(new Error('message'), { code: 'E1' }), 'broken', {
    enumerable: true,
    get() {
      throw new RangeError('no');
    },
  });
  const error = errorThrough(thrown);
  t.is(error.message, 'message');
  t.is(error['code'], 'E1');
  t.regex(String(error['broken']), /RangeError: no/);
});

test('errors with a name or message that is no string pass through', (t) => {
  const thrown = Object.assign(new Error('message'), { message: { not: 'a string' }, name: Symbol('name') });
  t.true(errorThrough(thrown) instanceof Error);
});

test('an error that nothing can be read of is described', (t) => {
  const thrown = new Proxy(new Error('message'), {
    ownKeys() {
      throw new Error('no keys');
    },
    getPrototypeOf() {
      throw new Error('no prototype');
    },
  });
  t.regex(String(passesThrown(thrown)), /it is a Proxy/);
});

test('an error that is its own cause passes through', (t) => {
  const thrown: Error & Record<string, unknown> = new Error('loop') as never;
  thrown.cause = thrown;
  thrown['list'] = [thrown];
  const error = errorThrough(thrown);
  t.is(error.message, 'loop');
  t.is(error.cause, error);
  t.deepEqual(error['list'], [error]);
});

test('a long chain of causes passes through', (t) => {
  let thrown = new Error('0');
  for (let depth = 1; depth < 300; depth++) thrown = new Error(String(depth), { cause: thrown });
  let error: unknown = passesThrown(thrown);
  let length = 0;
  for (; error instanceof Error; error = error.cause) length++;
  t.is(length, 300);
});

for (const thrown of ['text', 7, null, undefined, { code: 1 }, [1, 2], 5n]) {
  test(`${JSON.stringify(thrown, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))} can be thrown`, (t) =>
    t.deepEqual(passesThrown(thrown), thrown));
}

test('what cannot be transferred can be thrown: it is described', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  t.regex(String(passesThrown(() => {})), /cannot transfer \$: it is the function/);
  t.regex(String(passesThrown({ server })), /cannot transfer \$\.server: it is a Server/);
  t.regex(String(passesThrown(Symbol('a'))), /cannot transfer \$: it is a symbol/);
});

test('an error without a prototype chain of classes passes through', (t) => {
  const thrown = Object.setPrototypeOf(new Error('message'), Object.create(RangeError.prototype) as object) as Error;
  const error = errorThrough(thrown);
  t.true(error instanceof RangeError);
  t.is(error.message, 'message');
});

test('an error of a class that cannot be imported any more is still an error', async (t) => {
  const pickled = pickle(new NotFoundError('/a'));
  const [first] = pickled.segments as [Buffer];
  const text = first.toString('latin1').replaceAll('helpers/things', 'helpers/nothin');
  const error = await (unpickle({ segments: [Buffer.from(text, 'latin1')], descriptors: [] }) as Promise<Error>);
  t.true(error instanceof NotFoundError);
  t.is(error.message, '/a was not found');
});
