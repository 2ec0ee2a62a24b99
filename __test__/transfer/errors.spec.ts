import assert from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { ProcessExitError, TransferError } from 'zygote';
import { deserializeThrown, serializeThrown } from '#dist/transfer/errors';

const passesThrough = (thrown: unknown): unknown => deserializeThrown(serializeThrown(thrown));
const errorThrough = (thrown: Error): Error & Record<string, unknown> =>
  passesThrough(thrown) as Error & Record<string, unknown>;

class AppError extends Error {
  override name = 'AppError';
}

class NotFoundError extends AppError {
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
    const error = errorThrough(thrown);
    t.is(Object.getPrototypeOf(error), Class.prototype);
    t.is(error.name, Class.name);
    t.is(error.message, 'message');
    t.is(error.stack, thrown.stack);
    t.deepEqual(Object.keys(error), []);
  });
}

test('an error of a class that nothing but its module knows is an instance of it', (t) => {
  const error = errorThrough(new NotFoundError('/a'));
  t.true(error instanceof NotFoundError);
  t.true(error instanceof AppError);
  t.is(error.message, '/a was not found');
  t.is(error['path'], '/a');
  t.is(error['status'], 404);
  t.true(error['isClient']);
  t.is(error.name, 'AppError');
});

test('two classes of one name are told apart', (t) => {
  const one = (() =>
    class Same extends Error {
      first = 1;
    })(); // oxlint-disable-line unicorn/consistent-function-scoping
  const two = (() =>
    class Same extends Error {
      second = 2;
    })(); // oxlint-disable-line unicorn/consistent-function-scoping
  t.true(errorThrough(new one()) instanceof one);
  t.true(errorThrough(new two()) instanceof two);
});

test('an error of a class that does not exist here is of the nearest class that does', (t) => {
  const bytes = serializeThrown(
    Object.defineProperty(new RangeError('message'), 'constructor', { value: null, enumerable: false }),
  );
  t.true(deserializeThrown(bytes) instanceof RangeError);
});

test('errors of this package and of Node keep what they have', (t) => {
  const exit = errorThrough(new ProcessExitError('job', { exitCode: 3, signalCode: null }));
  t.true(exit instanceof ProcessExitError);
  t.like(exit, { name: 'job', code: 'ERR_ZYGOTE_PROCESS_EXIT', exitCode: 3, signalCode: null });
  const transfer = errorThrough(new TransferError('$.a', 'it is a socket'));
  t.true(transfer instanceof TransferError);
  t.like(transfer, { path: '$.a', reason: 'it is a socket' });
  let thrown: unknown;
  try {
    assert.deepEqual({ a: 1 }, { a: 2 });
  } catch (error) {
    thrown = error;
  }
  const failed = errorThrough(thrown as Error);
  t.true(failed instanceof assert.AssertionError);
  t.like(failed, { code: 'ERR_ASSERTION', actual: { a: 1 }, expected: { a: 2 }, operator: 'deepEqual' });
  const missing = errorThrough(t.throws(() => process.chdir('/nowhere/at/all')));
  t.like(missing, { code: 'ENOENT', syscall: 'chdir', dest: '/nowhere/at/all' });
});

test('causes are kept, errors and others', (t) => {
  const thrown = new Error('outer', { cause: new NotFoundError('/a') });
  (thrown.cause as Error).cause = { code: 7 };
  const error = errorThrough(thrown);
  t.true(error.cause instanceof NotFoundError);
  t.deepEqual((error.cause as Error).cause, { code: 7 });
  t.false(Object.keys(error).includes('cause'));
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
    handler: () => {},
    request: { server: { close() {} }, id: 5 },
  });
  const error = errorThrough(thrown);
  t.is(error['code'], 'E1');
  t.deepEqual(error['details'], new Map([['a', [1n]]]));
  t.regex(String(error['handler']), /^\[cannot transfer \$: it is the function handler/);
  t.regex(String(error['request']), /^\[cannot transfer \$\.server\.close: /);
  t.deepEqual(Object.keys(error), ['code', 'details', 'handler', 'request']);
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

test('errors with an own toString, name or message that is no string pass through', (t) => {
  const thrown = Object.assign(new Error('message'), { message: { not: 'a string' }, name: Symbol('name') });
  t.true(errorThrough(thrown) instanceof Error);
});

test('an error that is its own cause passes through', (t) => {
  const thrown = new Error('loop');
  thrown.cause = thrown;
  const error = errorThrough(thrown);
  t.is(error.message, 'loop');
  t.is(error.cause, error);
});

test('a long chain of causes passes through', (t) => {
  let thrown = new Error('0');
  for (let depth = 1; depth < 100; depth++) thrown = new Error(String(depth), { cause: thrown });
  let error: unknown = passesThrough(thrown);
  let length = 0;
  for (; error instanceof Error; error = error.cause) length++;
  t.is(length, 100);
});

for (const thrown of ['text', 7, null, undefined, { code: 1 }, [1, 2], 5n]) {
  test(`${JSON.stringify(thrown, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))} can be thrown`, (t) =>
    t.deepEqual(passesThrough(thrown), thrown));
}

test('what cannot be transferred can be thrown: it is described', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  t.regex(String(passesThrough(() => {})), /cannot transfer \$: it is the function/);
  t.regex(String(passesThrough({ server })), /cannot transfer \$\.server/);
  t.regex(String(passesThrough(Symbol('a'))), /cannot transfer \$: it is a symbol/);
});

test('an error without a prototype chain of classes passes through', (t) => {
  const thrown = Object.setPrototypeOf(new Error('message'), Object.create(RangeError.prototype) as object) as Error;
  const error = errorThrough(thrown);
  t.true(error instanceof RangeError);
  t.is(error.message, 'message');
});
