// Events between processes.
import { getEventListeners } from 'node:events';
import ava from 'ava';
import { Event } from 'zygote';
import { abortSoon, kill, start, until } from './helpers.js';

// One after the other: some block the thread.
const test = ava.serial;

test('an event is not set at first, and stays set until it is cleared', (t) => {
  const event = new Event();
  t.false(event.isSet);
  event.set();
  event.set();
  t.true(event.isSet);
  event.clear();
  t.false(event.isSet);
});

test('wait gives true at once when it is set, and false after the timeout when it is not', async (t) => {
  const event = new Event();
  t.false(await event.wait({ timeout: 0 }));
  t.false(await event.wait({ timeout: 5 }));
  t.false(event.waitSync({ timeout: 5 }));
  event.set();
  t.true(await event.wait());
  t.true(await event.wait({ timeout: 0 }));
  t.true(event.waitSync());
  t.is(event.waiting, 0);
});

test('everybody who waits goes on when it is set, in all processes', async (t) => {
  const event = new Event();
  const children = await Promise.all([1, 2].map(async () => start(t, async () => event.wait(), [])));
  const sync = await start(t, () => event.waitSync(), []);
  const own = event.wait();
  await until(() => event.waiting === 4);
  event.set();
  t.deepEqual(await Promise.all([own, sync.result, ...children.map((child) => child.result)]), [
    true,
    true,
    true,
    true,
  ]);
});

test('who waited goes on also if it is cleared right afterwards', async (t) => {
  const event = new Event();
  const child = await start(t, async () => event.wait(), []);
  await until(() => event.waiting === 1);
  event.set();
  event.clear();
  t.true(await child.result);
  t.false(await event.wait({ timeout: 0 }));
});

test('a killed process that waited is in nobody’s way', async (t) => {
  const event = new Event();
  const child = await start(t, async () => event.wait(), []);
  await until(() => event.waiting === 1);
  await kill(child);
  event.set();
  t.true(await event.wait());
});

test('an aborted wait rejects with the reason', async (t) => {
  const event = new Event();
  const wait = event.wait({ signal: abortSoon('enough') });
  await t.throwsAsync(wait, { message: 'enough' });
  t.is(event.waiting, 0);
});

test('no more than 4096 can wait, and others can when some have gone', async (t) => {
  const event = new Event();
  const abort = new AbortController();
  const waits = Array.from({ length: 4096 }, async () => event.wait({ signal: abort.signal }).catch(() => 'gone'));
  // Node warns of more than ten.
  t.is(getEventListeners(abort.signal, 'abort').length, 1);
  await t.throwsAsync(event.wait(), { code: 'ERR_ZYGOTE_TOO_MANY_WAITERS' });
  abort.abort();
  t.deepEqual(new Set(await Promise.all(waits)), new Set(['gone']));
  const wait = event.wait();
  event.set();
  t.true(await wait);
});
