// What goes into a child, and what comes back. These children are clones of a test runner's process: a host with an IPC
// channel, listeners, and a process.exit of its own.
import { createHash } from 'node:crypto';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { activeChildren, Process, ProcessExitError, snapshot, TransferError } from 'zygote';
import { until } from '../helpers/report.js';

async function resultOf<R>(target: () => R | Promise<R>): Promise<Awaited<R>> {
  const child = await new Process<[], R>({ target }).start();
  try {
    return await child.result;
  } finally {
    await child.join();
    child.close();
  }
}

test('a target gets its arguments and its value comes back', async (t) => {
  const child = new Process({ target: (a: number, b: string) => `${a} ${b}`, args: [1, 'x'] });
  await child.start();
  t.is(await child.result, '1 x');
  t.deepEqual(await child.join(), { exitCode: 0, signalCode: null });
});

test('the value of a promise comes back', async (t) => {
  t.is(await resultOf(async () => new Promise((resolve) => setTimeout(() => resolve('later'), 1))), 'later');
});

test('a target runs in another process', async (t) => {
  const { pid, ppid } = await resultOf(() => ({ pid: process.pid, ppid: process.ppid }));
  t.not(pid, process.pid);
  t.is(ppid, process.pid);
});

class Account {
  #secret = 42;
  constructor(readonly owner: string) {}
  reveal(): string {
    return `${this.owner} ${this.#secret}`;
  }
}

test('arguments are inherited, not serialized: functions, classes, symbols and identities are kept', async (t) => {
  const key = {};
  const symbol = Symbol('local');
  const weak = new WeakMap([[key, 'by identity']]);
  const target = (
    fn: () => string,
    account: Account,
    map: Map<unknown, unknown>,
    lookup: typeof weak,
    again: object,
  ) => [fn(), account instanceof Account, account.reveal(), map.get(symbol), lookup.get(again), again === key];
  const args = [() => 'called', new Account('me'), new Map([[symbol, 'by symbol']]), weak, key] as const;
  const child = await new Process({ target, args: [...args] }).start();
  t.deepEqual(await child.result, ['called', true, 'me 42', 'by symbol', 'by identity', true]);
});

test('a closure sees the variables of its parent as of the start, and changes only its own', async (t) => {
  const state = { count: 1, list: ['a'] };
  const child = new Process({
    target: () => {
      state.count++;
      state.list.push('b');
      return state;
    },
  });
  state.count = 10;
  await child.start();
  state.count = 100;
  t.deepEqual(await child.result, { count: 11, list: ['a', 'b'] });
  t.deepEqual(state, { count: 100, list: ['a'] });
});

test('an AsyncLocalStorage of the parent has its store in the target', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  t.is(await storage.run('store', () => resultOf(() => storage.getStore())), 'store');
});

const values: [what: string, make: () => unknown][] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a BigInt', () => 2n ** 100n],
  ['a Map of Sets', () => new Map([['a', new Set([1, new Date(5)])]])],
  ['typed arrays', () => [new Float32Array([0.5]), new BigUint64Array([7n])]],
  ['a Buffer', () => Buffer.from('bytes')],
  ['an empty string', () => ''],
  ['an error that is returned', () => new RangeError('returned')],
];
for (const [what, make] of values) {
  test(`${what} comes back`, async (t) => t.deepEqual(await resultOf(make), make()));
}

test('a Buffer of 100 MB comes back', async (t) => {
  const make = () => {
    const bytes = Buffer.alloc(100_000_000);
    for (let index = 0; index < bytes.length; index += 4096) bytes.writeUInt32LE(index, index);
    return bytes;
  };
  const hash = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');
  const bytes = await resultOf(make);
  t.is(bytes.length, 100_000_000);
  t.is(hash(bytes), hash(make()));
});

test('a result that cannot be serialized rejects with a TransferError that has the path to it', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const cases: [make: () => unknown, path: string | RegExp][] = [
    [() => () => {}, '$'],
    [() => ({ jobs: [{ handler() {} }] }), '$.jobs[0].handler'],
    [() => new Map([['a', new Set([() => {}])]]), '$.get("a").values()[0]'],
    [() => ({ proxied: new Proxy({}, {}) }), '$.proxied'],
    [() => ({ server }), /^\$\.server/],
  ];
  for (const [make, path] of cases) {
    const error = await t.throwsAsync(resultOf(make), { instanceOf: TransferError });
    if (typeof path === 'string') t.is(error.path, path);
    else t.regex(error.path, path);
  }
});

class AppError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

function throwing(): never {
  throw Object.assign(new AppError('thrown by the target', 418), {
    cause: new TypeError('the cause'),
    details: { list: [1n] },
  });
}

test('a thrown error comes back with class, message, stack, cause and own properties', async (t) => {
  const error = await t.throwsAsync(resultOf(throwing), { instanceOf: AppError });
  t.is(error.message, 'thrown by the target');
  t.is(error.status, 418);
  t.regex(error.stack ?? '', /at .*throwing \(/);
  t.true(error.cause instanceof TypeError);
  t.deepEqual((error as unknown as { details: unknown }).details, { list: [1n] });
});

test('a rejection of the target comes back', async (t) => {
  const target = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    throw new AggregateError([new RangeError('one'), new AppError('two', 2)], 'several');
  };
  const error = await t.throwsAsync(resultOf(target), { instanceOf: AggregateError });
  const [one, two] = error.errors as unknown[];
  t.true(one instanceof RangeError);
  t.true(two instanceof AppError);
});

for (const thrown of ['text', undefined, { code: 7 }]) {
  test(`a target can throw ${JSON.stringify(thrown)}`, async (t) => {
    const target = () => {
      throw thrown; // oxlint-disable-line typescript/only-throw-error
    };
    const caught = await resultOf(target).then(
      () => t.fail(),
      (error: unknown) => ({ error }),
    );
    t.deepEqual(caught, { error: thrown });
  });
}

test('the exit code of a child whose target throws is 1', async (t) => {
  const child = await new Process({ target: throwing }).start();
  await t.throwsAsync(child.result);
  t.deepEqual(await child.join(), { exitCode: 1, signalCode: null });
});

async function exitErrorOf(t: ExecutionContext, target: () => unknown): Promise<ProcessExitError | undefined> {
  const child = await new Process({ target, name: 'job' }).start();
  return t.throwsAsync(child.result, { instanceOf: ProcessExitError });
}

test('a child that is killed rejects the result with the signal', async (t) => {
  const error = await exitErrorOf(t, () => process.kill(process.pid, 'SIGKILL'));
  t.like(error, { name: 'job', exitCode: null, signalCode: 'SIGKILL' });
});

test('a child that dies of a crash rejects the result with the signal', async (t) => {
  const error = await exitErrorOf(t, () => process.kill(process.pid, 'SIGSEGV'));
  t.like(error, { exitCode: null, signalCode: 'SIGSEGV' });
});

test('a snapshot is the value of a function in a frozen copy', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zygote-snapshot-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const mark = join(folder, 'mark');
  const state = new Map(Array.from({ length: 1000 }, (_, index) => [index, index]));
  const sum = snapshot(async () => {
    await until(() => existsSync(mark));
    return [...state.values()].reduce((total, value) => total + value, 0);
  });
  await until(() => activeChildren().some(({ name }) => name === 'snapshot'));
  for (const key of state.keys()) state.set(key, -1);
  writeFileSync(mark, '');
  t.is(await sum, (999 * 1000) / 2);
});

test('a snapshot rejects with what its function throws', (t) =>
  t.throwsAsync(snapshot(throwing), { instanceOf: AppError }));

test('shared memory of the parent is copied in the child: what the child writes is not seen', async (t) => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  shared[0] = 1;
  const seen = await resultOf(() => {
    const before = shared[0];
    Atomics.store(shared, 0, 2);
    return [before, shared[0]];
  });
  t.deepEqual(seen, [1, 2]);
  t.is(shared[0], 1);
});
