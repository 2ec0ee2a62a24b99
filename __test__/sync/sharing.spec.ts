// Locks and their kin in the arguments of a process, whatever the start method.
import ava from 'ava';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  getAllStartMethods,
  getContext,
  Lock,
  Process,
  RLock,
  Semaphore,
} from 'zygote';
import * as targets from './fixtures/targets.js';
import { kill, start, until } from './helpers.js';

// One after the other: some block the thread.
const test = ava.serial;

for (const method of getAllStartMethods()) {
  for (const Class of [Lock, RLock]) {
    test(`${method}: a ${Class.name} is one lock in all processes that have it`, async (t) => {
      const lock = new Class();
      const guard = await lock.acquire();
      const children = [
        await start(t, targets.acquire, [lock], method),
        await start(t, targets.acquireSync, [lock], method),
      ];
      await until(() => lock.waiting === 2);
      guard.release();
      t.deepEqual(await Promise.all(children.map((child) => child.result)), [false, false]);
      t.false(lock.locked);
    });

    test(`${method}: a ${Class.name} whose holder is killed goes on`, async (t) => {
      const lock = new Class();
      const holder = await start(t, targets.hold, [lock], method);
      await until(() => lock.locked);
      const wait = lock.acquire();
      await kill(holder);
      t.true((await wait).abandoned);
    });
  }

  for (const Class of [Semaphore, BoundedSemaphore]) {
    test(`${method}: the permits of a ${Class.name} are those of all processes, and come back`, async (t) => {
      const semaphore = new Class(2);
      const guard = await semaphore.acquire();
      const child = await start(t, targets.permit, [semaphore], method);
      t.is(await child.result, `${Class.name} 0`);
      await child.join();
      t.truthy(semaphore.tryAcquire());
      guard.release();
    });
  }

  test(`${method}: an Event is one event in all processes that have it`, async (t) => {
    const event = new Event();
    const child = await start(t, targets.wait, [event], method);
    await until(() => event.waiting === 1);
    event.set();
    t.true(await child.result);
  });

  test(`${method}: a Condition takes its lock along`, async (t) => {
    for (const condition of [new Condition(), new Condition(new Lock())]) {
      const guard = await condition.acquire();
      const child = await start(t, targets.notify, [condition], method);
      t.true(await condition.wait());
      guard.release();
      t.is(await child.result, 1);
    }
  });

  test(`${method}: a Barrier is one barrier in all processes that have it`, async (t) => {
    const barrier = new Barrier(2);
    const child = await start(t, targets.meet, [barrier, 20], method);
    const own = await targets.meet(barrier, 20);
    const theirs = await child.result;
    t.true(own.every((index, round) => index + (theirs[round] ?? -1) === 1));
  });

  test(`${method}: locks may stand anywhere in the arguments`, async (t) => {
    const lock = new Lock();
    const child = await start(t, targets.passOn, [new Map([['inside', { lock }]])], method);
    t.false(await child.result);
  });

  test(`${method}: the context has the same classes`, (t) => {
    const context = getContext(method);
    t.deepEqual(
      [context.Lock, context.RLock, context.Semaphore, context.BoundedSemaphore, context.Event, context.Condition],
      [Lock, RLock, Semaphore, BoundedSemaphore, Event, Condition],
    );
    t.is(context.Barrier, Barrier);
  });

  test(`${method}: a lock cannot be a result, or sent`, async (t) => {
    const expected = { code: 'ERR_ZYGOTE_TRANSFER', message: /while it is being started/u };
    const child = new Process({ target: targets.makeLock, method });
    await child.start();
    await t.throwsAsync(child.result, expected);
    const other = await start(t, targets.wait, [new Event()], method);
    await t.throwsAsync(other.send(new Lock()), expected);
  });
}
