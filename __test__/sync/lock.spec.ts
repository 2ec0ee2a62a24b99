// Locks between processes, and between the asynchronous functions of one.
import ava from 'ava';
import { Lock, RLock, ZygoteError } from 'zygote';
import { _exit, fork, waitpid } from 'zygote/posix';
import { forever, kill, marks, start, stop, until } from './helpers.js';

// One after the other: some block the thread.
const test = ava.serial;

const notHeld = { instanceOf: ZygoteError, code: 'ERR_ZYGOTE_NOT_HELD' };

for (const Class of [Lock, RLock]) {
  const { name } = Class;

  test(`${name}: one process has it at a time`, async (t) => {
    const lock = new Class();
    const [count] = [marks(1)];
    const add = async () => {
      for (let round = 0; round < 100; round++) {
        const guard = await lock.acquire();
        const before = count[0] ?? 0;
        if (round % 10 === 0) await new Promise(setImmediate);
        count[0] = before + 1;
        guard.release();
      }
    };
    const children = await Promise.all([1, 2, 3].map(async () => start(t, add, [])));
    await Promise.all(children.map((child) => child.result));
    t.is(count[0], 300);
    t.false(lock.locked);
  });

  test(`${name}: a release without an acquisition is refused`, (t) => {
    const lock = new Class();
    t.throws(() => lock.release(), notHeld);
    const guard = lock.acquireSync();
    guard.release();
    t.throws(() => guard.release(), notHeld);
    t.throws(() => lock.release(), notHeld);
    t.false(lock.locked);
  });

  test(`${name}: who waits is told by locked and held`, async (t) => {
    const lock = new Class();
    t.deepEqual([lock.locked, lock.held], [false, false]);
    const guard = await lock.acquire();
    t.deepEqual([lock.locked, lock.held], [true, true]);
    const child = await start(t, () => [lock.locked, lock.held], []);
    t.deepEqual(await child.result, [true, false]);
    guard.release();
    t.deepEqual([lock.locked, lock.held], [false, false]);
  });

  test(`${name}: a child does not hold what its parent holds`, async (t) => {
    const lock = new Class();
    const guard = await lock.acquire();
    const child = await start(t, () => {
      const codes = [];
      for (const release of [() => guard.release(), () => lock.release()]) {
        try {
          release();
        } catch (error) {
          codes.push((error as ZygoteError).code);
        }
      }
      return [...codes, lock.tryAcquire() === undefined];
    }, []);
    t.deepEqual(await child.result, ['ERR_ZYGOTE_NOT_HELD', 'ERR_ZYGOTE_NOT_HELD', true]);
    t.true(lock.held);
    guard.release();
  });

  test(`${name}: if its holder is killed the next one has it, and is told`, async (t) => {
    const lock = new Class();
    const holder = await start(t, async () => {
      await lock.acquire();
      await forever();
    }, []);
    await until(() => lock.locked);
    const first = start(t, async () => (await lock.acquire()).abandoned, []);
    await until(() => lock.waiting === 1);
    const second = lock.acquire();
    await kill(holder);
    t.true(await (await first).result);
    // It has ended without a release as well.
    t.true((await second).abandoned);
    lock.release();
    const guard = await lock.acquire();
    t.false(guard.abandoned, 'once only');
    guard.release();
  });

  test(`${name}: one of a process that has ended is to be had at once`, async (t) => {
    const lock = new Class();
    for (const end of ['exit', 'kill'] as const) {
      const child = await start(t, async () => {
        await lock.acquire();
        if (end === 'kill') process.kill(process.pid, 'SIGKILL');
      }, []);
      await child.join();
      const guard = lock.tryAcquire();
      t.true(guard?.abandoned);
      guard?.release();
    }
  });

  test(`${name}: one that was handed to a process that was killed before it knew is not called abandoned`, async (t) => {
    const lock = new Class();
    const guard = await lock.acquire();
    const waiter = await start(t, async () => lock.acquire().then(forever), []);
    await until(() => lock.waiting === 1);
    await stop(waiter);
    guard.release();
    t.is(lock.waiting, 0);
    t.true(lock.locked);
    await kill(waiter);
    const next = await lock.acquire();
    t.false(next.abandoned);
    next.release();
  });

  test(`${name}: a killed process that waited is passed over`, async (t) => {
    const lock = new Class();
    const guard = await lock.acquire();
    const waiters = [];
    for (const number of [1, 2, 3]) {
      waiters.push(await start(t, async () => (await lock.acquire()).abandoned, []));
      await until(() => lock.waiting === number);
    }
    const [first, second, third] = waiters;
    if (!first || !second || !third) throw new Error('unreachable');
    await kill(second);
    guard.release();
    t.false(await first.result);
    t.true(await third.result, 'the first has ended without a release');
  });

  test(`${name}: a timeout gives undefined, and the place in the row up`, async (t) => {
    const lock = new Class();
    const holder = await start(t, async () => lock.acquire().then(forever), []);
    await until(() => lock.locked);
    t.is(await lock.acquire({ timeout: 0 }), undefined);
    t.is(await lock.acquire({ timeout: 5 }), undefined);
    t.is(lock.acquireSync({ timeout: 0 }), undefined);
    t.is(lock.acquireSync({ timeout: 5 }), undefined);
    t.is(lock.tryAcquire(), undefined);
    t.is(lock.waiting, 0);
    await kill(holder);
    t.truthy(await lock.acquire({ timeout: 60_000 }));
  });

  test(`${name}: an aborted wait rejects with the reason, and gives the place up`, async (t) => {
    const lock = new Class();
    const holder = await start(t, async () => lock.acquire().then(forever), []);
    await until(() => lock.locked);
    const abort = new AbortController();
    const wait = lock.acquire({ signal: abort.signal });
    t.is(lock.waiting, 1);
    abort.abort(new Error('enough'));
    await t.throwsAsync(wait, { message: 'enough' });
    await t.throwsAsync(lock.acquire({ signal: abort.signal }), { message: 'enough' });
    t.is(lock.waiting, 0);
    await kill(holder);
    t.truthy(lock.tryAcquire());
  });

  test(`${name}: acquireSync blocks until another process releases it`, async (t) => {
    const lock = new Class();
    const child = await start(t, async () => {
      const guard = await lock.acquire();
      await until(() => lock.waiting === 1);
      guard.release();
    }, []);
    await until(() => lock.locked);
    const guard = lock.acquireSync();
    t.false(guard.abandoned);
    guard.release();
    await child.result;
  });

  test(`${name}: acquireSync has it when its holder is killed`, async (t) => {
    const lock = new Class();
    const child = await start(t, async () => {
      await lock.acquire();
      await until(() => lock.waiting === 1);
      process.kill(process.pid, 'SIGKILL');
    }, []);
    await until(() => lock.locked);
    t.true(lock.acquireSync().abandoned);
    await child.join();
  });

  test(`${name}: a guard releases at the end of its block`, (t) => {
    const lock = new Class();
    const guard = lock.acquireSync();
    guard[Symbol.dispose]();
    t.false(lock.locked);
    guard[Symbol.dispose]();
    t.true(guard.released);
  });
}

test('who came first has it first', async (t) => {
  const lock = new Lock();
  const order = marks(8);
  const guard = await lock.acquire();
  const children = [];
  for (let number = 1; number <= 4; number++) {
    children.push(
      await start(t, async () => {
        const own = await lock.acquire();
        order[Atomics.add(order, 0, 1) + 1] = number;
        own.release();
      }, []),
    );
    await until(() => lock.waiting === number);
  }
  guard.release();
  // Who comes back goes to the end of the row.
  (await lock.acquire()).release();
  t.deepEqual([...order].slice(0, 5), [4, 1, 2, 3, 4]);
  await Promise.all(children.map((child) => child.result));
});

test('nobody starves: those who take it again and again take turns', async (t) => {
  const lock = new Lock();
  const turns = marks(4);
  const take = async (own: number) => {
    while (Atomics.load(turns, 3) === 0) {
      const guard = await lock.acquire();
      Atomics.add(turns, own, 1);
      guard.release();
    }
  };
  const children = await Promise.all([0, 1, 2].map(async (own) => start(t, take, [own])));
  await until(() => [0, 1, 2].every((own) => (turns[own] ?? 0) > 20));
  Atomics.store(turns, 3, 1);
  await Promise.all(children.map((child) => child.result));
  t.pass();
});

test('asynchronous functions of one process take turns too', async (t) => {
  const lock = new Lock();
  const order: number[] = [];
  await Promise.all(
    [1, 2, 3].map(async (own) => {
      const guard = await lock.acquire();
      order.push(own);
      await new Promise(setImmediate);
      order.push(own);
      guard.release();
    }),
  );
  t.deepEqual(order, [1, 1, 2, 2, 3, 3]);
});

test('a thread that would wait for itself is told', async (t) => {
  const lock = new Lock();
  const deadlock = { instanceOf: ZygoteError, code: 'ERR_ZYGOTE_DEADLOCK' };
  const guard = await lock.acquire();
  t.throws(() => lock.acquireSync(), deadlock);
  const waits = lock.acquire();
  t.throws(() => lock.acquireSync({ timeout: 10 }), deadlock);
  guard.release();
  (await waits).release();
  lock.acquireSync().release();
});

test('RLock: its thread acquires it again, and releases it as often', async (t) => {
  const lock = new RLock();
  const first = await lock.acquire();
  const second = lock.acquireSync();
  const third = lock.tryAcquire();
  const child = await start(t, () => lock.tryAcquire() !== undefined, []);
  t.false(await child.result);
  third?.release();
  second.release();
  t.true(lock.held);
  first.release();
  t.false(lock.locked);
});

test('RLock: what a thread awaits it has when it gets the lock elsewhere', async (t) => {
  const lock = new RLock();
  const holder = await start(t, async () => lock.acquire().then(forever), []);
  await until(() => lock.locked);
  const both = [lock.acquire(), lock.acquire(), lock.acquire()];
  await kill(holder);
  const guards = await Promise.all(both);
  t.is(guards.filter((guard) => guard.abandoned).length, 1);
  for (const guard of guards) guard.release();
  t.false(lock.locked);
});

test('a clone goes on waiting, for itself', async (t) => {
  const lock = new Lock();
  const order = marks(2);
  const guard = await lock.acquire();
  const wait = lock.acquire();
  const pid = fork();
  if (pid === 0) {
    try {
      const own = await wait;
      Atomics.store(order, 1, own.abandoned ? 2 : 1);
      own.release();
    } finally {
      _exit(0);
    }
  }
  await until(() => lock.waiting === 2);
  guard.release();
  (await wait).release();
  await waitpid(pid);
  t.is(order[1], 1);
  t.false(lock.locked);
});

test('a wait keeps its process alive, and a lock that was used does not', async (t) => {
  const lock = new Lock();
  const guard = await lock.acquire();
  const child = await start(t, async () => {
    (await lock.acquire()).release();
    await new Promise(() => {});
  }, []);
  await until(() => lock.waiting === 1);
  guard.release();
  await t.throwsAsync(child.result, { message: /never/u });
  t.is((await child.join())?.exitCode, 13);
  t.false(lock.locked);
});
