// Semaphores between processes.
import ava from 'ava';
import { BoundedSemaphore, Semaphore, ZygoteError } from 'zygote';
import { forever, kill, marks, start, stop, until } from './helpers.js';

// One after the other: some block the thread.
const test = ava.serial;

for (const Class of [Semaphore, BoundedSemaphore]) {
  const { name } = Class;

  test(`${name}: as many have a permit as there are`, async (t) => {
    const semaphore = new Class(2);
    t.is(semaphore.value, 2);
    const first = await semaphore.acquire();
    const second = semaphore.acquireSync();
    t.is(semaphore.value, 0);
    t.is(semaphore.tryAcquire(), undefined);
    t.is(await semaphore.acquire({ timeout: 5 }), undefined);
    t.is(semaphore.acquireSync({ timeout: 5 }), undefined);
    second.release();
    t.is(semaphore.value, 1);
    t.truthy(semaphore.tryAcquire());
    semaphore.release();
    first.release();
    t.is(semaphore.value, 2);
    t.is(semaphore.waiting, 0);
  });

  test(`${name}: never do more processes have permits`, async (t) => {
    const semaphore = new Class(2);
    const inside = marks(2);
    const enter = async () => {
      for (let round = 0; round < 50; round++) {
        const guard = await semaphore.acquire();
        const now = Atomics.add(inside, 0, 1) + 1;
        if (now > 2) Atomics.store(inside, 1, now);
        await new Promise(setImmediate);
        Atomics.sub(inside, 0, 1);
        guard.release();
      }
    };
    const children = await Promise.all([1, 2, 3].map(async () => start(t, enter, [])));
    await Promise.all(children.map((child) => child.result));
    t.is(inside[1], 0);
    t.is(semaphore.value, 2);
  });

  test(`${name}: the permits of a killed process come back`, async (t) => {
    const semaphore = new Class(3);
    const holder = await start(t, async () => {
      await semaphore.acquire();
      await semaphore.acquire();
      await forever();
    }, []);
    await until(() => semaphore.value === 1);
    const own = await semaphore.acquire();
    const waits = [semaphore.acquire(), semaphore.acquire()];
    await kill(holder);
    for (const guard of await Promise.all(waits)) guard.release();
    own.release();
    t.is(semaphore.value, 3);
  });

  test(`${name}: the permits of a process that has ended are to be had at once`, async (t) => {
    const semaphore = new Class(1);
    const child = await start(t, async () => void (await semaphore.acquire()), []);
    await child.join();
    const guard = semaphore.tryAcquire();
    t.truthy(guard);
    guard?.release();
    t.is(semaphore.value, 1);
  });

  test(`${name}: a permit that a killed process was given, and did not know of, goes to the next`, async (t) => {
    const semaphore = new Class(1);
    const guard = await semaphore.acquire();
    const waiter = await start(t, async () => semaphore.acquire().then(forever), []);
    await until(() => semaphore.waiting === 1);
    await stop(waiter);
    guard.release();
    const wait = semaphore.acquire();
    await kill(waiter);
    (await wait).release();
    t.is(semaphore.value, 1);
  });

  test(`${name}: a release without an acquisition, through a guard, is refused`, async (t) => {
    const semaphore = new Class(1);
    const guard = await semaphore.acquire();
    guard.release();
    t.throws(() => guard.release(), { code: 'ERR_ZYGOTE_NOT_HELD' });
    t.throws(() => guard.keep(), { code: 'ERR_ZYGOTE_NOT_HELD' });
  });
}

test('release without a guard tells another process that there is something to take', async (t) => {
  const semaphore = new Semaphore(0);
  const child = await start(t, async () => {
    let taken = 0;
    while (await semaphore.acquire({ timeout: taken < 3 ? 60_000 : 0 })) taken++;
    return taken;
  }, []);
  semaphore.release();
  semaphore.release(2);
  t.is(await child.result, 3);
});

test('a permit that is kept does not come back when its process ends', async (t) => {
  const semaphore = new Semaphore(2);
  const child = await start(t, async () => {
    (await semaphore.acquire()).keep();
    await semaphore.acquire();
  }, []);
  await child.join();
  t.truthy(semaphore.tryAcquire());
  t.is(semaphore.tryAcquire(), undefined);
});

test('BoundedSemaphore: what is released too often is refused, and nothing has changed', async (t) => {
  const semaphore = new BoundedSemaphore(2);
  const over = { instanceOf: ZygoteError, code: 'ERR_ZYGOTE_OVER_RELEASE' };
  t.throws(() => semaphore.release(), over);
  const child = await start(t, async () => semaphore.acquire().then(forever), []);
  await until(() => semaphore.value === 1);
  t.throws(() => semaphore.release(), over, 'the other permit is held');
  await semaphore.acquire();
  t.throws(() => semaphore.release(2), over);
  t.is(semaphore.value, 0);
  semaphore.release();
  t.is(semaphore.value, 1);
  await kill(child);
});

test('a number of permits that is none is refused', (t) => {
  for (const value of [-1, 1.5, Number.NaN, Infinity]) {
    t.throws(() => new Semaphore(value), { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' });
    t.throws(() => new Semaphore(1).release(value), { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' });
  }
  t.is(new Semaphore().value, 1);
});
