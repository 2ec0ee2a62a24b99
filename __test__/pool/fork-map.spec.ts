// Maps in forked workers. These are clones of a test runner's process.
import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { activeChildren, forkMap, registerAtFork, TransferError, WorkerCrashedError, ZygoteError } from 'zygote';
import { native } from '#dist/native/binding';

const numbers = Array.from({ length: 1000 }, (_, index) => index);
/** Never settles, and keeps its process alive. */
const last = () => new Promise<never>(() => setInterval(() => {}, 1000));
/** Memory in which workers leave marks for the tests. */
const marks = (length: number) => new Int32Array(native().sharedPages(4 * length), 0, length);

test('each item is mapped, once, and the results come in their order', async (t) => {
  const calls = marks(numbers.length);
  const results = await forkMap(
    numbers,
    (item, index) => {
      Atomics.add(calls, index, 1);
      return 2 * item;
    },
    { processes: 3 },
  );
  t.deepEqual(
    results,
    numbers.map((item) => 2 * item),
  );
  t.true(calls.every((count) => count === 1));
});

test('a function and items that cannot be serialized are inherited', async (t) => {
  const secrets = new WeakMap<object, () => string>();
  const items = ['a', 'b', 'c'].map((name) => ({ name, greet: () => `hello ${name}` }));
  for (const item of items) secrets.set(item, () => `secret of ${item.name}`);
  const results = await forkMap(items, (item) => `${item.greet()}, ${secrets.get(item)?.()}`);
  t.deepEqual(results, ['hello a, secret of a', 'hello b, secret of b', 'hello c, secret of c']);
});

test('the work is done in several other processes', async (t) => {
  const both = marks(1);
  // Each waits for the other.
  const meet = async () => {
    Atomics.add(both, 0, 1);
    while (Atomics.load(both, 0) < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    return process.pid;
  };
  const pids = await forkMap([1, 2], meet, { processes: 2, chunkSize: 1 });
  t.is(new Set([...pids, process.pid]).size, 3);
});

test('results of every kind come back', async (t) => {
  const values = [
    undefined,
    null,
    -0,
    Number.NaN,
    1n,
    'text',
    { deep: [new Map([[1, new Set(['x'])]])] },
    new RangeError('e'),
  ];
  t.deepEqual(await forkMap(values, (value) => value), values);
  t.deepEqual(await forkMap([-0, Number.NaN, 1.5], (value) => value), [-0, Number.NaN, 1.5]);
  t.deepEqual(await forkMap('abc', (letter) => letter.toUpperCase()), ['A', 'B', 'C']);
  t.deepEqual(await forkMap(new Float32Array([1, 2]), (value) => value), [1, 2]);
});

test('there may be nothing to do, and fewer items than processes', async (t) => {
  t.deepEqual(await forkMap([], (item) => item, { processes: 4 }), []);
  t.deepEqual(await forkMap([], () => 1, { into: Uint8Array }), new Uint8Array(0));
  t.deepEqual(await forkMap([7], (item) => item, { processes: 4 }), [7]);
});

test('numbers come back in a typed array, through shared memory', async (t) => {
  const roots = await forkMap(numbers, (item) => Math.sqrt(item), { into: Float64Array, processes: 2 });
  t.deepEqual(
    roots,
    Float64Array.from(numbers, (item) => Math.sqrt(item)),
  );
  const big = await forkMap([1, 2], async (item) => BigInt(item) ** 60n, { into: BigInt64Array });
  t.deepEqual(big, BigInt64Array.of(1n, 2n ** 60n));
  // A child of later sees what is written to it, and the other way round.
  await forkMap([0], () => (roots[0] = 5));
  t.is(roots[0], 5);
});

test('a result that is no number is refused where numbers are wanted', async (t) => {
  const fn = (item: number) => (item === 3 ? undefined : item) as number;
  const error = await t.throwsAsync(forkMap([1, 2, 3], fn, { into: Int32Array }), { instanceOf: TypeError });
  t.like(error, {
    index: 2,
    message: 'into takes results of the type number, and fn gave a value of the type undefined for the item 2',
  });
});

test('what fn throws rejects, with its class and the index', async (t) => {
  const fn = (item: number) => {
    if (item === 700) throw new RangeError('not this one');
    return item;
  };
  const error = await t.throwsAsync(forkMap(numbers, fn, { processes: 2 }), { instanceOf: RangeError });
  t.like(error, { message: 'not this one', index: 700 });
  const rejected = forkMap(numbers, async (item) => (item === 1 ? Promise.reject(new TypeError('later')) : last()));
  t.like(await t.throwsAsync(rejected), { name: 'TypeError', index: 1 });
});

test('a result that cannot travel rejects with its place', async (t) => {
  const fn = (item: number) => (item === 321 ? { handler: () => item } : item);
  const error = await t.throwsAsync(forkMap(numbers, fn, { processes: 2 }), { instanceOf: TransferError });
  t.like(error, { path: '$[321].handler', index: 321 });
});

const ENDS: Record<string, { end: () => unknown; status: object }> = {
  'that is killed': { end: () => process.kill(process.pid, 'SIGKILL'), status: { signalCode: 'SIGKILL' } },
  'that exits': { end: () => process.exit(0), status: { exitCode: 0 } },
  'that waits for what cannot come': { end: () => new Promise(() => {}), status: { exitCode: 13 } },
};
for (const [which, { end, status }] of Object.entries(ENDS)) {
  test(`a worker ${which} rejects with the index of the item`, async (t) => {
    const fn = async (item: number) => (item === 500 ? end() : item);
    const error = await t.throwsAsync(forkMap(numbers, fn, { processes: 2 }), { instanceOf: WorkerCrashedError });
    t.like(error, { task: 500, ...status });
  });
}

test('the item of a worker that died is tried again, and the others that it had taken are done', async (t) => {
  for (const into of [undefined, Float64Array] as const) {
    const attempts = marks(numbers.length);
    const fn = (item: number, index: number) => {
      const attempt = Atomics.add(attempts, index, 1);
      if (index % 250 === 249 && attempt < 2) process.kill(process.pid, 'SIGKILL');
      return item + 1;
    };
    const options = { processes: 2, retries: 2, chunkSize: 50 };
    const results = into ? await forkMap(numbers, fn, { ...options, into }) : await forkMap(numbers, fn, options);
    t.deepEqual(
      Array.from(results),
      numbers.map((item) => item + 1),
    );
    t.is(attempts[249], 3);
    // What is in shared memory need not be done again.
    if (into) t.is(Math.max(...attempts.subarray(200, 249)), 1);
  }
});

test('an item that kills each worker rejects after its retries', async (t) => {
  const attempts = marks(1);
  const fn = () => {
    Atomics.add(attempts, 0, 1);
    process.kill(process.pid, 'SIGKILL');
  };
  await t.throwsAsync(forkMap(['only'], fn, { retries: 3 }), { instanceOf: WorkerCrashedError, message: /task 0$/ });
  t.is(attempts[0], 4);
});

test.serial('workers that die before they have begun with an item are not started for ever', async (t) => {
  const deaths = marks(1);
  const unregister = registerAtFork({
    afterInChild: () => {
      Atomics.add(deaths, 0, 1);
      process.kill(process.pid, 'SIGKILL');
    },
  });
  const error = await t.throwsAsync(forkMap([1], (item) => item)).finally(unregister);
  t.true(error instanceof WorkerCrashedError);
  t.is(deaths[0], 4);
});

test('an abort ends the workers, and rejects with its reason', async (t) => {
  const controller = new AbortController();
  const begun = marks(1);
  const mapping = forkMap(
    [1, 2, 3],
    () => {
      Atomics.store(begun, 0, process.pid);
      for (;;);
    },
    { processes: 2, signal: controller.signal },
  );
  while (Atomics.load(begun, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const reason = new RangeError('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(mapping), reason);
  t.is(activeChildren().filter(({ pid }) => pid === begun[0]).length, 0);
  t.throws(() => process.kill(begun[0] as number, 0), { code: 'ESRCH' });
  t.is(await t.throwsAsync(forkMap([1], () => 1, { signal: controller.signal })), reason);
});

test('a progress callback hears how many are done, and what it throws ends the map', async (t) => {
  const heard: number[] = [];
  await forkMap(numbers, (item) => item, {
    processes: 2,
    onProgress: ({ done }) => heard.push(done),
    into: Float64Array,
  });
  t.deepEqual(
    heard,
    heard.toSorted((a, b) => a - b),
  );
  t.is(heard.at(-1), 1000);
  const onProgress = () => {
    throw new SyntaxError('of the callback');
  };
  await t.throwsAsync(
    forkMap(numbers, (item) => (item > 500 ? last() : item), { onProgress }),
    { instanceOf: SyntaxError },
  );
});

test('workers keep a connection that they are told to', async (t) => {
  const [here, there] = native().socketPair();
  const send = (item: number) => native().writeAll(there, Buffer.of(item));
  await forkMap([1, 2, 3], send, { processes: 1, inherit: [there] });
  const bytes = Buffer.alloc(3);
  t.true(native().readExactly(here, bytes));
  t.deepEqual([...bytes], [1, 2, 3]);
  native().closeDescriptor(here);
  native().closeDescriptor(there);
});

test('misuse is refused', async (t) => {
  const calls: (() => Promise<unknown>)[] = [
    () => forkMap(new Set([1]) as never, (item) => item),
    () => forkMap([1], 'fn' as never),
    () => forkMap([1], (item) => item, { processes: 0 }),
    () => forkMap([1], (item) => item, { retries: 0.5 }),
    () => forkMap([1], (item) => item, { chunkSize: -1 }),
    () => forkMap([1], (item) => item, { into: Array as never }),
  ];
  for (const call of calls) {
    await t.throwsAsync(call, { instanceOf: ZygoteError, code: 'ERR_ZYGOTE_INVALID_ARGUMENT' });
  }
});

test.after('no worker is left behind, nor a zombie of one', (t) => {
  const children = readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1] === String(process.pid);
    } catch {
      return false;
    }
  });
  t.deepEqual(children, []);
});
