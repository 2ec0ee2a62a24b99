// Conditions between processes.
import ava from 'ava';
import { Condition, Lock, RLock, ZygoteError } from 'zygote';
import { abortSoon, forever, kill, marks, start, stop, until } from './helpers.js';

// One after the other: some block the thread.
const test = ava.serial;

const notHeld = { instanceOf: ZygoteError, code: 'ERR_ZYGOTE_NOT_HELD' };

test('wait and notify need the lock', async (t) => {
  const condition = new Condition();
  await t.throwsAsync(condition.wait(), notHeld);
  t.throws(() => condition.waitSync(), notHeld);
  t.throws(() => condition.notify(), notHeld);
  t.throws(() => condition.notifyAll(), notHeld);
  t.true(condition.lock instanceof RLock);
});

test('as many are notified as is asked for, those first who came first', async (t) => {
  const condition = new Condition(new Lock());
  const woken = marks(1);
  const children = [];
  for (let number = 1; number <= 5; number++) {
    children.push(
      await start(t, async () => {
        const guard = await condition.acquire();
        const notified = await condition.wait();
        const place = Atomics.add(woken, 0, 1);
        guard.release();
        return [notified, place];
      }, []),
    );
    await until(() => condition.waiting === number);
  }
  const notify = async (count: number | 'all') => {
    const guard = await condition.acquire();
    const notified = count === 'all' ? condition.notifyAll() : condition.notify(count);
    t.is(woken[0], 5 - condition.waiting - notified, 'nobody goes on while the lock is held');
    guard.release();
    await until(() => woken[0] === 5 - condition.waiting);
    return notified;
  };
  t.is(await notify(1), 1);
  t.is(woken[0], 1);
  t.is(await notify(2), 2);
  t.is(woken[0], 3);
  t.is(await notify('all'), 2);
  t.is(await notify(1), 0);
  const results = await Promise.all(children.map((child) => child.result));
  t.true(results.every(([notified]) => notified));
  t.is(results[0]?.[1], 0);
});

test('the lock is free while somebody waits, and theirs again afterwards, as often as before', async (t) => {
  const condition = new Condition();
  const outer = await condition.acquire();
  const inner = await condition.acquire();
  const child = await start(t, async () => {
    const guard = await condition.acquire();
    condition.notify();
    guard.release();
  }, []);
  t.true(await condition.wait());
  t.true(condition.lock.held);
  inner.release();
  t.true(condition.lock.held);
  outer.release();
  t.false(condition.lock.locked);
  await child.result;
});

test('wait gives false after the timeout, with the lock', async (t) => {
  const condition = new Condition();
  const guard = await condition.acquire();
  t.false(await condition.wait({ timeout: 5 }));
  t.false(await condition.wait({ timeout: 0 }));
  t.false(condition.waitSync({ timeout: 5 }));
  t.true(condition.lock.held);
  t.is(condition.waiting, 0);
  guard.release();
});

test('an aborted wait rejects with the reason, with the lock', async (t) => {
  const condition = new Condition();
  const guard = await condition.acquire();
  await t.throwsAsync(condition.wait({ signal: abortSoon('enough') }), { message: 'enough' });
  t.true(condition.lock.held);
  guard.release();
  t.false(condition.lock.locked);
});

test('waitFor waits until its predicate holds, and gives what that gave', async (t) => {
  const condition = new Condition(new Lock());
  const state = marks(1);
  const child = await start(t, async () => {
    for (let value = 1; value <= 4; value++) {
      const guard = await condition.acquire();
      state[0] = value;
      condition.notify();
      guard.release();
    }
  }, []);
  const guard = await condition.acquire();
  t.is(await condition.waitFor(() => state[0] === 4 && 'four'), 'four');
  guard.release();
  await child.result;
});

test('waitFor gives the last value of its predicate after the timeout', async (t) => {
  const condition = new Condition();
  const guard = await condition.acquire();
  let asked = 0;
  t.is(await condition.waitFor(() => ++asked < 0, { timeout: 10 }), false);
  t.true(asked >= 2);
  t.is(
    condition.waitForSync(() => 0, { timeout: 5 }),
    0,
  );
  t.is(await condition.waitFor(() => 'at once', { timeout: 0 }), 'at once');
  guard.release();
});

test('waitSync goes on when another process notifies', async (t) => {
  const condition = new Condition(new Lock());
  const child = await start(t, async () => {
    await until(() => condition.waiting === 1);
    const guard = await condition.acquire();
    condition.notifyAll();
    guard.release();
  }, []);
  const guard = condition.acquireSync();
  t.true(condition.waitSync());
  t.true(condition.lock.held);
  guard.release();
  await child.result;
});

test('a notification that a killed process has got goes to the next', async (t) => {
  const condition = new Condition(new Lock());
  const wait = async () => {
    const guard = await condition.acquire();
    const notified = await condition.wait();
    guard.release();
    return notified;
  };
  const first = await start(t, wait, []);
  await until(() => condition.waiting === 1);
  const second = await start(t, wait, []);
  await until(() => condition.waiting === 2);
  await stop(first);
  const guard = await condition.acquire();
  t.is(condition.notify(), 1);
  guard.release();
  await kill(first);
  t.true(await second.result);
});

test('a killed process that waited does not hinder those who notify', async (t) => {
  const condition = new Condition();
  const child = await start(t, async () => {
    await condition.acquire();
    await condition.wait();
  }, []);
  await until(() => condition.waiting === 1);
  await kill(child);
  const guard = await condition.acquire();
  condition.notifyAll();
  guard.release();
  t.is(condition.waiting, 0);
});

test('who waits learns that the lock was abandoned meanwhile', async (t) => {
  const condition = new Condition(new Lock());
  const guard = await condition.acquire();
  const wait = condition.wait();
  const child = await start(t, async () => {
    await condition.acquire();
    condition.notify();
    await forever();
  }, []);
  await until(() => condition.waiting === 0);
  await kill(child);
  t.true(await wait);
  t.true(guard.abandoned);
  guard.release();
});
