// Barriers between processes.
import ava from 'ava';
import { Barrier, TimeoutError, ZygoteError } from 'zygote';
import { abortSoon, kill, marks, start, until } from './helpers.js';

// One after the other: some block the thread.
const test = ava.serial;

const broken = { instanceOf: ZygoteError, code: 'ERR_ZYGOTE_BROKEN_BARRIER' };

test('nobody goes on before all have arrived, round after round, each with an index of its own', async (t) => {
  const barrier = new Barrier(3);
  const arrived = marks(2);
  const rounds = 100;
  const party = async (isSync: boolean) => {
    const indices = [];
    for (let round = 1; round <= rounds; round++) {
      Atomics.add(arrived, 0, 1);
      indices.push(isSync ? barrier.waitSync() : await barrier.wait());
      if (Atomics.load(arrived, 0) < 3 * round) Atomics.add(arrived, 1, 1);
    }
    return indices;
  };
  const children = await Promise.all([false, true].map(async (isSync) => start(t, party, [isSync])));
  const all = await Promise.all([party(false), ...children.map((child) => child.result)]);
  t.is(arrived[1], 0);
  for (let round = 0; round < rounds; round++) {
    t.deepEqual(all.map((indices) => indices[round]).toSorted(), [0, 1, 2]);
  }
  t.deepEqual([barrier.parties, barrier.waiting, barrier.broken], [3, 0, false]);
});

test('a barrier of one party never waits', async (t) => {
  const barrier = new Barrier(1);
  t.is(await barrier.wait(), 0);
  t.is(barrier.waitSync(), 0);
});

test('one party runs the action, before the others go on', async (t) => {
  const counts = marks(2);
  const action = async () => {
    await new Promise(setImmediate);
    Atomics.add(counts, 0, 1);
  };
  const barrier = new Barrier(3, { action });
  const party = async () => {
    for (let round = 1; round <= 10; round++) {
      await barrier.wait();
      if (Atomics.load(counts, 0) < round) Atomics.add(counts, 1, 1);
    }
  };
  const children = await Promise.all([1, 2, 3].map(async () => start(t, party, [])));
  await Promise.all(children.map((child) => child.result));
  t.deepEqual([...counts], [10, 0]);
});

test('an action that throws breaks the barrier', async (t) => {
  const barrier = new Barrier(2, {
    action: () => {
      throw new RangeError('no');
    },
  });
  const first = barrier.wait();
  await t.throwsAsync(barrier.wait(), { instanceOf: RangeError });
  await t.throwsAsync(first, broken);
  t.true(barrier.broken);
});

test('an abort breaks the barrier for all, until it is reset', async (t) => {
  const barrier = new Barrier(2);
  const child = await start(t, async () => barrier.wait().catch((error: ZygoteError) => error.code), []);
  await until(() => barrier.waiting === 1);
  barrier.abort();
  t.is(await child.result, broken.code);
  await t.throwsAsync(barrier.wait(), broken);
  t.throws(() => barrier.waitSync(), broken);
  t.true(barrier.broken);
  barrier.reset();
  t.false(barrier.broken);
  t.deepEqual((await Promise.all([barrier.wait(), barrier.wait()])).toSorted(), [0, 1]);
});

test('a reset sends away those who wait, and the next round is whole', async (t) => {
  const barrier = new Barrier(3);
  const party = async () => barrier.wait().catch((error: ZygoteError) => error.code);
  const children = await Promise.all([1, 2].map(async () => start(t, party, [])));
  await until(() => barrier.waiting === 2);
  barrier.reset();
  t.deepEqual(await Promise.all(children.map((child) => child.result)), [broken.code, broken.code]);
  t.false(barrier.broken);
  t.deepEqual((await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()])).toSorted(), [0, 1, 2]);
});

test('a party that gives up breaks the barrier', async (t) => {
  for (const how of ['timeout', 'signal'] as const) {
    const barrier = new Barrier(3);
    const other = barrier.wait();
    const [wait, expected] =
      how === 'timeout'
        ? [barrier.wait({ timeout: 5 }), { instanceOf: TimeoutError }]
        : [barrier.wait({ signal: abortSoon('enough') }), { message: 'enough' }];
    await t.throwsAsync(wait, expected);
    await t.throwsAsync(other, broken);
    t.true(barrier.broken);
  }
});

test('the default timeout is that of the barrier', async (t) => {
  const barrier = new Barrier(2, { timeout: 5 });
  await t.throwsAsync(barrier.wait(), { instanceOf: TimeoutError });
  barrier.reset();
  t.throws(() => barrier.waitSync(), { instanceOf: TimeoutError });
});

test('a party that is killed while it waits breaks the barrier', async (t) => {
  const barrier = new Barrier(3);
  const child = await start(t, async () => barrier.wait(), []);
  await until(() => barrier.waiting === 1);
  const wait = barrier.wait();
  await kill(child);
  await t.throwsAsync(wait, broken);
});

test('a party that is killed in its action breaks the barrier', async (t) => {
  const barrier = new Barrier(2, { action: () => process.kill(process.pid, 'SIGKILL') });
  const wait = barrier.wait();
  const child = await start(t, async () => barrier.wait(), []);
  await t.throwsAsync(wait, broken);
  await child.join();
  barrier.reset();
  t.is(barrier.waiting, 0);
});

test('who comes while the action goes on belongs to the next round', async (t) => {
  let more: Promise<number>[] = [];
  const barrier = new Barrier(2, {
    action: () => {
      if (more.length === 0) more = [barrier.wait(), barrier.wait()];
    },
  });
  t.deepEqual((await Promise.all([barrier.wait(), barrier.wait()])).toSorted(), [0, 1]);
  t.deepEqual((await Promise.all(more)).toSorted(), [0, 1]);
});

test('a number of parties that is none is refused', (t) => {
  for (const parties of [0, -1, 1.5, 4097]) {
    t.throws(() => new Barrier(parties), { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' });
  }
});
