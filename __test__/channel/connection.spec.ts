import { getEventListeners, once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import {
  type Connection,
  EOFError,
  getAllStartMethods,
  getContext,
  Pipe,
  registerReducer,
  TimeoutError,
  TransferError,
} from 'zygote';
import { until } from '../helpers/report.js';
import { refused } from '../start/helpers/expected.js';
import { holes, shared, values } from './helpers/values.js';

/** Two ends that are closed when the test is over. */
function pipe(t: { teardown(end: () => void): void }, duplex = true): [Connection, Connection] {
  const ends = Pipe({ duplex });
  t.teardown(() => ends.forEach((end) => end.close()));
  return ends;
}

export class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

for (const [what, value] of values) {
  test(`${what} arrives as it was sent`, async (t) => {
    const [ours, theirs] = pipe(t);
    const sent = ours.send(value);
    t.deepEqual(await theirs.recv(), value);
    await sent;
  });
}

test('the kinds of numbers, objects and buffers are kept', async (t) => {
  const [ours, theirs] = pipe(t);
  const there = async (value: unknown): Promise<unknown> => {
    await ours.send(value);
    return theirs.recv();
  };
  t.true(Object.is(await there(-0), -0));
  t.true(Object.is(((await there({ zero: -0 })) as { zero: number }).zero, -0));
  t.true(Buffer.isBuffer(await there(Buffer.from('x'))));
  t.is(Object.getPrototypeOf(await there(Uint8Array.of(1))), Uint8Array.prototype);
  t.true(Object.hasOwn((await there({ there: undefined })) as object, 'there'));
  const [one, two] = (await there([shared, shared])) as [object, object];
  t.is(one, two);
  t.false(1 in ((await there(holes)) as unknown[]));
});

test('messages keep their order and their boundaries, whatever their sizes', async (t) => {
  const [ours, theirs] = pipe(t);
  const sizes = [0, 1, 5, 0, 70_000, 2, 200_000, 3, 1_000_000, 0, 16_385, 128 * 1024, 128 * 1024 + 1, 9];
  const sent = Promise.all(sizes.map((size) => ours.send(Buffer.alloc(size, size % 251))));
  for (const size of sizes) t.deepEqual(await theirs.recv(), Buffer.alloc(size, size % 251));
  await sent;
});

test('both ends of a pipe send and receive', async (t) => {
  const [ours, theirs] = pipe(t);
  await Promise.all([ours.send('there'), theirs.send('and back')]);
  t.deepEqual(await Promise.all([theirs.recv(), ours.recv()]), ['there', 'and back']);
  t.true(ours.readable && ours.writable && theirs.readable && theirs.writable);
});

test('of a one-way pipe the first end receives and the second sends', async (t) => {
  const [reader, writer] = pipe(t, false);
  t.deepEqual([reader.readable, reader.writable, writer.readable, writer.writable], [true, false, false, true]);
  await writer.send(1);
  t.is(await reader.recv(), 1);
  await t.throwsAsync(reader.send(1), refused('READ_ONLY'));
  await t.throwsAsync(writer.recv(), refused('WRITE_ONLY'));
  await t.throwsAsync(writer.poll(), refused('WRITE_ONLY'));
  writer.close();
  await t.throwsAsync(reader.recv(), { instanceOf: EOFError });
});

test('what was sent before an end was closed is received, and then the end', async (t) => {
  const [ours, theirs] = pipe(t);
  await ours.send('last');
  ours.close();
  t.true(await theirs.poll());
  t.is(await theirs.recv(), 'last');
  t.true(await theirs.poll());
  await t.throwsAsync(theirs.recv(), { instanceOf: EOFError, ...refused('EOF') });
  await t.throwsAsync(theirs.recv(), { instanceOf: EOFError });
});

test('who waits for a message learns of the end', async (t) => {
  const [ours, theirs] = pipe(t);
  const received = theirs.recv();
  const polled = theirs.poll({ timeout: Infinity });
  setImmediate(() => ours.close());
  await t.throwsAsync(received, { instanceOf: EOFError });
  t.true(await polled);
});

test('a message for nobody is refused', async (t) => {
  const [ours, theirs] = pipe(t);
  // Also where something was not received.
  await ours.send('unread');
  await theirs.send('unread too');
  theirs.close();
  await t.throwsAsync(ours.send('more'), refused('BROKEN_PIPE'));
  t.is(await ours.recv(), 'unread too');
  await t.throwsAsync(ours.recv(), { instanceOf: EOFError });
  await t.throwsAsync(ours.send(Buffer.alloc(1_000_000)), refused('BROKEN_PIPE'));
});

test('iteration gives all messages and stops at the end', async (t) => {
  const [ours, theirs] = pipe(t);
  const sent = (async () => {
    for (let i = 0; i < 1000; i++) await ours.send(i);
    ours.close();
  })();
  const received = [];
  for await (const message of theirs) received.push(message);
  t.deepEqual(
    received,
    Array.from({ length: 1000 }, (_, index) => index),
  );
  await sent;
});

test('closing a connection ends the iteration over it', async (t) => {
  const [ours, theirs] = pipe(t);
  setImmediate(() => theirs.close());
  for await (const message of theirs) t.fail(String(message));
  t.true(theirs.closed);
  await t.throwsAsync(async () => {
    for await (const message of theirs) t.fail(String(message));
  }, refused('CLOSED'));
  ours.close();
});

test('sending waits until there is room', async (t) => {
  const [ours, theirs] = pipe(t);
  let sent = 0;
  const all = Promise.all(
    Array.from({ length: 50 }, (_, index) => ours.send(Buffer.alloc(16_000, index)).then(() => sent++)),
  );
  await until(() => sent > 0);
  await delay(20);
  t.true(sent < 50, `${sent} were sent`);
  for (let i = 0; i < 50; i++) t.deepEqual(await theirs.recv(), Buffer.alloc(16_000, i));
  await all;
  t.is(sent, 50);
});

test('sending waits until there is room, also for messages that pass by the socket', async (t) => {
  const [ours, theirs] = pipe(t);
  // More than the 64 MiB that there is room for on Windows.
  for (const [size, length] of [
    [1_500_000, 60],
    [20_000_000, 8],
  ] as const) {
    let sent = 0;
    const all = Promise.all(
      Array.from({ length }, (_, index) => ours.send(Buffer.alloc(size, index)).then(() => sent++)),
    );
    await until(() => sent > 0);
    await delay(20);
    t.true(sent < length, `${sent} were sent`);
    for (let i = 0; i < length; i++) t.true(Buffer.alloc(size, i).equals((await theirs.recv()) as Buffer));
    await all;
    t.is(sent, length);
  }
});

test('what is changed after a call of send is not sent', async (t) => {
  const [ours, theirs] = pipe(t);
  const buffers = Array.from({ length: 40 }, () => Buffer.alloc(80_000, 'a'));
  const sent = Promise.all(buffers.map((buffer) => ours.send([buffer])));
  for (const buffer of buffers) buffer.fill('b');
  for (let i = 0; i < 40; i++) t.deepEqual(await theirs.recv(), [Buffer.alloc(80_000, 'a')]);
  await sent;
});

test('what a receiver writes into a large buffer nobody else sees', async (t) => {
  const [ours, theirs] = pipe(t);
  const buffer = Buffer.alloc(2_000_000, 'a');
  await Promise.all([ours.send(buffer), ours.send(buffer)]);
  const first = (await theirs.recv()) as Buffer;
  const second = (await theirs.recv()) as Buffer;
  first.fill('b');
  t.true(buffer.equals(Buffer.alloc(2_000_000, 'a')));
  t.true(second.equals(buffer));
  t.true(first.equals(Buffer.alloc(2_000_000, 'b')));
});

test('large messages that are kept stay as they are, however many come after them', async (t) => {
  const [ours, theirs] = pipe(t);
  const kept = [];
  for (let i = 0; i < 40; i++) {
    const sent = ours.send([Buffer.alloc(3_000_000 + i, i), Buffer.alloc(1_200_001, 100 + i), Buffer.from([i])]);
    kept.push((await theirs.recv()) as Buffer[]);
    await sent;
  }
  for (const [i, parts] of kept.entries()) {
    t.deepEqual(
      parts.map((part) => part.length),
      [3_000_000 + i, 1_200_001, 1],
    );
    t.true(parts[0]?.equals(Buffer.alloc(3_000_000 + i, i)));
    t.true(parts[1]?.equals(Buffer.alloc(1_200_001, 100 + i)));
    t.deepEqual(parts[2], Buffer.from([i]));
  }
});

test('what cannot travel is refused where it is sent, by its path, and the next message goes', async (t) => {
  const [ours, theirs] = pipe(t);
  const error = await t.throwsAsync(ours.send({ jobs: [1, { handler: () => {} }] }), { instanceOf: TransferError });
  t.is(error?.path, '$.jobs[1].handler');
  await t.throwsAsync(ours.send(Symbol('s')), { instanceOf: TransferError });
  await t.throwsAsync(ours.send(new Proxy({}, {})), { instanceOf: TransferError });
  await t.throwsAsync(ours.send(new Uint8Array(new SharedArrayBuffer(8))), { instanceOf: TransferError });
  await ours.send('next');
  t.is(await theirs.recv(), 'next');
});

test('a connection can only be passed to a process that is being started', async (t) => {
  const [ours] = pipe(t);
  const [other] = pipe(t);
  const error = await t.throwsAsync(ours.send({ reply: other }), { instanceOf: TransferError });
  t.is(error?.path, '$.reply');
  t.regex(error?.reason ?? '', /can only be shared with a process while it is being started/);
});

test('a message that cannot be had here is an error of its own', async (t) => {
  const [ours, theirs] = pipe(t);
  // It is rebuilt in this process only as long as it may be.
  let mayBe = false;
  const rebuild = (state: unknown): Point => {
    if (!mayBe) throw new Error('not yet');
    const [x, y] = state as [number, number];
    return new Point(x, y);
  };
  registerReducer(Point, { reduce: ({ x, y }) => [x, y], rebuild });
  await ours.send(new Point(1, 2));
  await ours.send(new Point(3, 4));
  await t.throwsAsync(theirs.recv(), { instanceOf: TransferError, message: /not yet/ });
  mayBe = true;
  t.deepEqual(await theirs.recv(), new Point(3, 4));
});

test('receiving gives up after its timeout, and loses nothing', async (t) => {
  const [ours, theirs] = pipe(t);
  await t.throwsAsync(theirs.recv({ timeout: 5 }), { instanceOf: TimeoutError });
  await t.throwsAsync(theirs.recv({ timeout: 0 }), { instanceOf: TimeoutError });
  const patient = theirs.recv({ timeout: 60_000 });
  await ours.send('one');
  t.is(await patient, 'one');
  await ours.send('two');
  t.is(await theirs.recv({ timeout: 0 }), 'two');
  await t.throwsAsync(theirs.recv({ timeout: -1 }), refused('INVALID_ARGUMENT'));
});

test('an aborted wait rejects with the reason of its signal, and loses nothing', async (t) => {
  const [ours, theirs] = pipe(t);
  const abort = new AbortController();
  const aborted = theirs.recv({ signal: abort.signal });
  const polled = theirs.poll({ timeout: Infinity, signal: abort.signal });
  const next = theirs.recv();
  t.is(getEventListeners(abort.signal, 'abort').length, 1);
  const reason = new Error('no longer wanted');
  abort.abort(reason);
  t.is(await t.throwsAsync(aborted), reason);
  t.is(await t.throwsAsync(polled), reason);
  await ours.send('for the next one');
  t.is(await next, 'for the next one');
  t.is(await t.throwsAsync(ours.send(1, { signal: abort.signal })), reason);
  t.false(await theirs.poll());
});

test('a message whose sending was given up is not sent', async (t) => {
  const [ours, theirs] = pipe(t);
  const full = Array.from({ length: 40 }, () => ours.send(Buffer.alloc(16_000)));
  const abort = new AbortController();
  const aborted = ours.send(Buffer.alloc(500_000), { signal: abort.signal });
  const late = ours.send('late', { timeout: 1 });
  const last = ours.send('last');
  abort.abort();
  t.is(await aborted.catch((reason: unknown) => reason), abort.signal.reason);
  await t.throwsAsync(late, { instanceOf: TimeoutError });
  for (let i = 0; i < 40; i++) await theirs.recv();
  t.is(await theirs.recv(), 'last');
  await Promise.all([...full, last]);
});

test('poll tells of messages and takes none', async (t) => {
  const [ours, theirs] = pipe(t);
  t.false(await theirs.poll());
  t.false(await theirs.poll({ timeout: 5 }));
  const polled = theirs.poll({ timeout: 60_000 });
  await ours.send(Buffer.alloc(0));
  t.true(await polled);
  t.true(await theirs.poll());
  t.true(await theirs.poll({ timeout: 0 }));
  t.deepEqual(await theirs.recv(), Buffer.alloc(0));
  t.false(await theirs.poll());
});

test('calls that wait are served in their order', async (t) => {
  const [ours, theirs] = pipe(t);
  const received = [theirs.recv(), theirs.recv(), theirs.recv()];
  for (const message of [1, 2, 3]) await ours.send(message);
  t.deepEqual(await Promise.all(received), [1, 2, 3]);
});

test('a closed connection refuses everything, and who waits is told', async (t) => {
  const [ours, theirs] = pipe(t);
  const received = t.throwsAsync(theirs.recv(), refused('CLOSED'));
  const unsent = Array.from({ length: 60 }, () => theirs.send(Buffer.alloc(16_000)));
  theirs.close();
  theirs.close();
  t.true(theirs.closed);
  await received;
  const outcomes = await Promise.allSettled(unsent);
  t.true(outcomes.some(({ status }) => status === 'fulfilled'));
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  t.true(failed.length > 0);
  for (const { reason } of failed) t.like(reason, refused('CLOSED'));
  await t.throwsAsync(theirs.send(1), refused('CLOSED'));
  await t.throwsAsync(theirs.recv(), refused('CLOSED'));
  await t.throwsAsync(theirs.poll(), refused('CLOSED'));
  // What the system has got before is still there.
  t.true(Buffer.isBuffer(await ours.recv()));
});

test('a connection closes at the end of its scope', async (t) => {
  const [ours, theirs] = Pipe();
  {
    using scoped = theirs;
    await scoped.send(1);
  }
  t.true(theirs.closed);
  t.is(await ours.recv(), 1);
  await t.throwsAsync(ours.recv(), { instanceOf: EOFError });
  ours.close();
});

test('all contexts have the same pipes', async (t) => {
  for (const method of getAllStartMethods()) t.is(getContext(method).Pipe, Pipe);
});

const onLinux = process.platform === 'linux' ? test.serial : test.skip;

onLinux('what nothing refers to any more is closed, and no descriptor is left', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const count = (): number => readdirSync('/proc/self/fd').length;
  const before = count();
  (() => {
    for (let i = 0; i < 50; i++) Pipe();
  })();
  await (async () => {
    const [ours, theirs] = Pipe();
    await ours.send(Buffer.alloc(1_000_000));
    await theirs.recv();
    await ours.send(Buffer.alloc(1_000_000));
    ours.close();
    theirs.close();
  })();
  while (count() > before) {
    collect();
    await delay(10);
  }
  t.pass();
});

onLinux('descriptors above 1024 do as well', async (t) => {
  const pipes = Array.from({ length: 520 }, () => Pipe());
  const [ours, theirs] = pipes.at(-1) as [Connection, Connection];
  const received = theirs.recv();
  setImmediate(() => void ours.send('high'));
  t.is(await received, 'high');
  for (const ends of pipes) for (const end of ends) end.close();
});

onLinux('signals disturb no wait', async (t) => {
  const [ours, theirs] = pipe(t);
  const received = theirs.recv();
  const heard = once(process, 'SIGUSR2');
  process.kill(process.pid, 'SIGUSR2');
  await heard;
  await ours.send('still');
  t.is(await received, 'still');
});
