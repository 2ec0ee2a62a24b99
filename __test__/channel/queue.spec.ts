import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import {
  EOFError,
  getAllStartMethods,
  getContext,
  JoinableQueue,
  Pipe,
  Queue,
  registerReducer,
  SimpleQueue,
  TimeoutError,
  TransferError,
} from 'zygote';
import { refused } from '../start/helpers/expected.js';
import { shared, values } from './helpers/values.js';

for (const [what, value] of values) {
  test(`${what} is taken as it was put`, async (t) => {
    const queue = new Queue();
    await queue.put(value);
    t.deepEqual(await queue.get(), value);
    t.is(queue.size, 0);
  });
}

test('the same object twice in a message is one object twice where it is taken', async (t) => {
  const queue = new Queue<[object, object]>();
  await queue.put([shared, shared]);
  const [one, two] = await queue.get();
  t.is(one, two);
});

test('messages are taken in the order in which they were put', async (t) => {
  const queue = new Queue<number>();
  for (let i = 0; i < 1000; i++) await queue.put(i);
  t.is(queue.size, 1000);
  for (let i = 0; i < 1000; i++) t.is(await queue.get(), i);
  t.is(queue.size, 0);
});

test('what was put can be taken at once', async (t) => {
  const queue = new Queue<string>();
  t.is(await queue.tryGet(), undefined);
  const put = queue.put('there');
  t.is(queue.size, 1);
  t.deepEqual(await queue.tryGet(), { value: 'there' });
  await put;
});

test('a value that is undefined is told from none', async (t) => {
  const queue = new Queue<undefined>();
  await queue.put(undefined);
  t.deepEqual(await queue.tryGet(), { value: undefined });
  t.is(await queue.tryGet(), undefined);
});

test('what is changed after a call of put is not in the message', async (t) => {
  const queue = new Queue<{ list: number[]; bytes: Buffer }>({ maxSize: 1 });
  const value = { list: [1], bytes: Buffer.alloc(100_000, 1) };
  const puts = [queue.put(value), queue.put(value)];
  value.list.push(2);
  value.bytes.fill(2);
  for (let i = 0; i < 2; i++) t.deepEqual(await queue.get(), { list: [1], bytes: Buffer.alloc(100_000, 1) });
  await Promise.all(puts);
});

test('what cannot travel is refused where it is put, and the size stays right', async (t) => {
  const queue = new Queue();
  const error = await t.throwsAsync(queue.put({ jobs: [{ run: () => {} }] }), { instanceOf: TransferError });
  t.is(error?.path, '$.jobs[0].run');
  t.is(queue.size, 0);
  await queue.put(1);
  t.is(queue.size, 1);
});

test('queues and connections cannot be put into a queue', async (t) => {
  const queue = new Queue();
  const [ours, theirs] = Pipe();
  for (const [at, value] of Object.entries({ queue: new Queue(), simple: new SimpleQueue(), itself: queue, ours })) {
    const error = await t.throwsAsync(queue.put({ [at]: value }), { instanceOf: TransferError });
    t.is(error?.path, `$.${at}`);
    t.regex(error?.reason ?? '', /can only be shared with a process while it is being started: pass it in args/);
  }
  ours.close();
  theirs.close();
});

test('getting waits until something is put', async (t) => {
  const queue = new Queue<number>();
  const got = [queue.get(), queue.get(), queue.get()];
  for (const value of [1, 2, 3]) await queue.put(value);
  t.deepEqual(await Promise.all(got), [1, 2, 3]);
});

test('putting waits while the queue is full, and keeps the order', async (t) => {
  const queue = new Queue<number>({ maxSize: 2 });
  let done = 0;
  const puts = [1, 2, 3, 4].map((value) => queue.put(value).then(() => done++));
  await turn();
  await turn();
  t.is(done, 2);
  t.is(queue.size, 2);
  for (const value of [1, 2, 3, 4]) t.is(await queue.get(), value);
  await Promise.all(puts);
});

test('a limit in bytes is kept, and a message that is larger is refused', async (t) => {
  const queue = new Queue<Buffer>({ maxBytes: 100_000 });
  t.is(queue.maxBytes, 100_000);
  await queue.put(Buffer.alloc(60_000));
  await queue.put(Buffer.alloc(60_000));
  await t.throwsAsync(queue.put(Buffer.alloc(60_000), { timeout: 0 }), { instanceOf: TimeoutError });
  const error = await t.throwsAsync(queue.put(Buffer.alloc(200_000)), refused('TOO_LARGE'));
  t.regex(error?.message ?? '', /maxBytes/);
  await queue.get();
  await queue.put(Buffer.alloc(60_000));
});

test('limits that are none are refused', (t) => {
  for (const maxSize of [0, -1, 1.5, Number.NaN, '3' as never]) {
    t.throws(() => new Queue({ maxSize }), { ...refused('INVALID_ARGUMENT'), message: /maxSize must be a positive/ });
  }
  t.throws(() => new Queue({ maxBytes: -1 }), { ...refused('INVALID_ARGUMENT'), message: /maxBytes/ });
  t.is(new Queue({ maxSize: 3 }).maxSize, 3);
});

test('getting gives up after its timeout, and takes nothing', async (t) => {
  const queue = new Queue<string>();
  await t.throwsAsync(queue.get({ timeout: 0 }), { instanceOf: TimeoutError });
  await t.throwsAsync(queue.get({ timeout: 5 }), { instanceOf: TimeoutError });
  t.is(await queue.tryGet({ timeout: 5 }), undefined);
  const patient = queue.get({ timeout: 60_000 });
  const trying = queue.tryGet({ timeout: 60_000 });
  await queue.put('one');
  await queue.put('two');
  t.is(await patient, 'one');
  t.deepEqual(await trying, { value: 'two' });
  await t.throwsAsync(queue.get({ timeout: Number.NaN }), refused('INVALID_ARGUMENT'));
});

test('putting gives up after its timeout, and puts nothing', async (t) => {
  const queue = new Queue<string>({ maxSize: 1 });
  await queue.put('one');
  const late = queue.put('late', { timeout: 5 });
  const patient = queue.put('two', { timeout: 60_000 });
  await t.throwsAsync(late, { instanceOf: TimeoutError });
  t.is(await queue.get(), 'one');
  await patient;
  t.is(await queue.get(), 'two');
  t.is(queue.size, 0);
});

test('an aborted wait rejects with the reason of its signal', async (t) => {
  const queue = new Queue<number>({ maxSize: 1 });
  const abort = new AbortController();
  const { signal } = abort;
  const got = queue.get({ signal });
  const tried = queue.tryGet({ timeout: 60_000, signal });
  const next = queue.get();
  const reason = new Error('enough');
  abort.abort(reason);
  t.is(await t.throwsAsync(got), reason);
  t.is(await t.throwsAsync(tried), reason);
  await queue.put(1);
  t.is(await next, 1);
  t.is(await t.throwsAsync(queue.put(2, { signal })), reason);
  t.is(queue.size, 0);
  await queue.put(3);
  const again = new AbortController();
  const blocked = queue.put(4, { signal: again.signal });
  again.abort(reason);
  t.is(await t.throwsAsync(blocked), reason);
  t.is(await queue.get(), 3);
  t.is(queue.size, 0);
});

test('a closed queue gives what is in it, and then tells that it is over', async (t) => {
  const queue = new Queue<number>();
  await queue.put(1);
  queue.close();
  queue.close();
  t.true(queue.closed);
  await t.throwsAsync(queue.put(2), refused('CLOSED'));
  await t.throwsAsync(queue.put(Buffer.alloc(100_000) as never), refused('CLOSED'));
  t.is(await queue.get(), 1);
  await t.throwsAsync(queue.get(), { instanceOf: EOFError, ...refused('EOF') });
  t.is(await queue.tryGet(), undefined);
  t.throws(() => queue.getSync(), { instanceOf: EOFError });
});

test('closing a queue tells those who wait', async (t) => {
  const queue = new Queue<number>({ maxSize: 1 });
  const got = [queue.get(), queue.get()];
  await turn();
  await queue.put(1);
  queue.close();
  t.is(await got[0], 1);
  await t.throwsAsync(got[1] as Promise<number>, { instanceOf: EOFError });
  const full = new Queue<number>({ maxSize: 1 });
  await full.put(1);
  const blocked = full.put(2);
  full.close();
  await t.throwsAsync(blocked, refused('CLOSED'));
});

test('iteration gives all messages until the queue is closed', async (t) => {
  const queue = new Queue<number>({ maxSize: 10 });
  const put = (async () => {
    for (let i = 0; i < 200; i++) await queue.put(i);
    queue.close();
  })();
  const got = [];
  for await (const message of queue) got.push(message);
  t.is(got.length, 200);
  t.deepEqual(
    got,
    Array.from({ length: 200 }, (_, index) => index),
  );
  await put;
});

test('a queue is closed at the end of its scope', async (t) => {
  const queue = new Queue();
  {
    using scoped = queue;
    await scoped.put(1);
  }
  t.true(queue.closed);
});

test('a message that cannot be had is an error of its own, and is taken', async (t) => {
  const queue = new Queue();
  registerReducer(Strange, {
    reduce: () => 'state',
    rebuild: () => {
      throw new Error('never');
    },
  });
  const waiting = queue.get();
  await queue.put(new Strange());
  await queue.put(new Strange());
  await queue.put('next');
  await t.throwsAsync(waiting, { instanceOf: TransferError, message: /never/ });
  await t.throwsAsync(queue.get(), { instanceOf: TransferError, message: /never/ });
  t.is(await queue.get(), 'next');
});

export class Strange {
  readonly name = 'strange';
}

test('without the event loop: putting and getting block the thread', async (t) => {
  const queue = new Queue<unknown>({ maxSize: 1 });
  t.throws(() => queue.getSync({ timeout: 5 }), { instanceOf: TimeoutError });
  queue.putSync({ of: ['any', 'kind'] });
  t.throws(() => queue.putSync(2, { timeout: 5 }), { instanceOf: TimeoutError });
  t.deepEqual(queue.getSync(), { of: ['any', 'kind'] });
  queue.putSync(Buffer.alloc(100_000, 1));
  t.deepEqual(queue.getSync(), Buffer.alloc(100_000, 1));
  t.throws(() => queue.putSync(() => {}), { instanceOf: TransferError });
  t.is(queue.size, 0);
});

test('a simple queue puts, gets and closes', async (t) => {
  const queue = new SimpleQueue<number>();
  t.true(queue.isEmpty);
  await queue.put(1);
  t.false(queue.isEmpty);
  t.is(await queue.get(), 1);
  queue.close();
  queue.close();
  t.true(queue.isEmpty);
  await t.throwsAsync(queue.put(1), refused('CLOSED'));
  await t.throwsAsync(queue.get(), { instanceOf: EOFError });
});

test('a joinable queue tells when all that was put is done', async (t) => {
  const queue = new JoinableQueue<number>();
  t.true(await queue.join());
  await queue.put(1);
  await queue.put(2);
  t.is(queue.unfinished, 2);
  t.throws(() => queue.taskDone(), { ...refused('NOT_HELD'), message: /more often than/ });
  await queue.get();
  t.is(queue.unfinished, 2);
  t.false(await queue.join({ timeout: 5 }));
  const joined = queue.join();
  queue.taskDone();
  await queue.get();
  queue.taskDone();
  t.true(await joined);
  t.is(queue.unfinished, 0);
  t.throws(() => queue.taskDone(), refused('NOT_HELD'));
  await queue.put(3);
  const abort = new AbortController();
  const aborted = queue.join({ signal: abort.signal });
  const reason = new Error('enough');
  abort.abort(reason);
  t.is(await t.throwsAsync(aborted), reason);
});

test('all contexts have the same queues', (t) => {
  for (const method of getAllStartMethods()) {
    t.is(getContext(method).Queue, Queue);
    t.is(getContext(method).SimpleQueue, SimpleQueue);
    t.is(getContext(method).JoinableQueue, JoinableQueue);
  }
});

const onLinux = process.platform === 'linux' ? test.serial : test.skip;

onLinux('a queue that nothing refers to any more leaves no descriptor and no mapping', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const mappings = (): number => readFileSync('/proc/self/maps', 'utf8').split('memfd:zygote').length;
  const warm = new Queue();
  // What waiting needs is opened once.
  await t.throwsAsync(warm.get({ timeout: 1 }));
  await warm.put(1);
  const before = [descriptors(), mappings()] as const;
  await (async () => {
    for (let i = 0; i < 20; i++) {
      const queue = new Queue<Buffer>();
      await queue.put(Buffer.alloc(100_000));
      await queue.get();
      await t.throwsAsync(queue.get({ timeout: 1 }));
    }
  })();
  while (descriptors() > before[0] || mappings() > before[1]) {
    collect();
    await delay(10);
  }
  t.is(await warm.get(), 1);
});

onLinux('a pending get keeps the process alive, and one that was given up does not', async (t) => {
  const program = `
    import { Queue } from 'zygote';
    const queue = new Queue();
    const abort = new AbortController();
    queue.get({ signal: abort.signal }).catch(() => console.log('given up'));
    setTimeout(() => abort.abort(), 50).unref();
    process.on('exit', () => console.log('exit'));
  `;
  const { execFile } = await import('node:child_process');
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', program], (error, out) =>
      error ? reject(error) : resolve(out),
    );
  });
  t.is(stdout, 'given up\nexit\n');
});

test('a Worker blocks on a queue of its process that it was given the descriptors of', async (t) => {
  // Objects of this package are not passed to Workers; each thread has its own.
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     import('zygote').then(({ Queue }) => {
       const queue = new Queue();
       queue.putSync('in the worker');
       parentPort.postMessage(queue.getSync());
     });`,
    { eval: true },
  );
  const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  t.is(message, 'in the worker');
  await worker.terminate();
});
