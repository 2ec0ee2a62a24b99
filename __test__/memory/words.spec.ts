import test from 'ava';
import { getAllStartMethods, SharedMemory } from 'zygote';
import { scenariosOf } from '../start/helpers/scenarios.js';

const program = new URL('fixtures/words.js', import.meta.url);

for (const method of getAllStartMethods()) {
  const it = scenariosOf(program, method);

  it.add('processes take turns by waiting for an element of shared memory', 'turns', (t, outcome) => {
    t.deepEqual(outcome.values('position'), [400, 400]);
  });

  it.add('as many are notified as was asked for, also those that block', 'count', (t, outcome) => {
    t.deepEqual(outcome.value('outcomes'), ['ok', 'ok', 'ok']);
    t.is(outcome.value('none'), 0);
  });

  it.add('elements of 64 bits are waited for', 'big', (t, outcome) => {
    t.is(outcome.value('outcome'), 'ok');
  });

  // By a process that stands still, as none can be made to on Windows.
  it.addOnUnix('a notification that a process was killed with goes to another one', 'killed', (t, outcome) => {
    t.is(outcome.value('notified'), 1);
    t.is(outcome.value('outcome'), 'ok');
  });
}

{
  const made = () => {
    const memory = new SharedMemory({ size: 16 });
    return { memory, numbers: new Int32Array(memory.buffer) };
  };

  test('a wait for another value ends at once', async (t) => {
    const { memory, numbers } = made();
    numbers[1] = 7;
    t.is(await memory.wait(numbers, 1, 8), 'not-equal');
    t.is(memory.waitSync(numbers, 1, 8), 'not-equal');
    const big = new BigInt64Array(memory.buffer);
    t.is(await memory.wait(big, 1, 1n), 'not-equal');
  });

  test('a wait takes no longer than its timeout, and none is notified afterwards', async (t) => {
    const { memory, numbers } = made();
    t.is(await memory.wait(numbers, 0, 0, { timeout: 5 }), 'timed-out');
    t.is(await memory.wait(numbers, 0, 0, { timeout: 0 }), 'timed-out');
    t.is(memory.waitSync(numbers, 0, 0, { timeout: 5 }), 'timed-out');
    t.is(memory.notify(numbers, 0), 0);
  });

  test('a wait can be aborted', async (t) => {
    const { memory, numbers } = made();
    const reason = new Error('enough');
    const controller = new AbortController();
    const waiting = memory.wait(numbers, 0, 0, { signal: controller.signal });
    controller.abort(reason);
    t.is(await t.throwsAsync(waiting), reason);
    t.is(await t.throwsAsync(memory.wait(numbers, 0, 0, { signal: controller.signal })), reason);
    t.is(memory.notify(numbers, 0), 0);
  });

  test('who waits is notified in the order of coming, and only for the same element', async (t) => {
    const { memory, numbers } = made();
    const order: number[] = [];
    const waits = [0, 1, 2].map(async (number) => {
      await memory.wait(numbers, 2, 0);
      order.push(number);
    });
    const other = memory.wait(new BigInt64Array(memory.buffer), 0, 0n, { timeout: 10_000 });
    t.is(memory.notify(numbers, 3), 0);
    t.is(memory.notify(numbers, 2, 1), 1);
    await waits[0];
    t.is(memory.notify(numbers.subarray(1), 1), 2);
    await Promise.all(waits);
    t.deepEqual(order, [0, 1, 2]);
    t.is(memory.notify(numbers, 0), 1);
    t.is(await other, 'ok');
  });

  test('what cannot be waited for is refused', async (t) => {
    const { memory, numbers } = made();
    const invalid = { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' };
    await t.throwsAsync(memory.wait(new Int32Array(4), 0, 0), { ...invalid, message: /must be a view/ });
    await t.throwsAsync(memory.wait(new Uint8Array(memory.buffer) as unknown as Int32Array, 0, 0), {
      ...invalid,
      message: /Int32Array or a BigInt64Array/,
    });
    for (const index of [-1, 4, 0.5]) {
      await t.throwsAsync(memory.wait(numbers, index, 0), { ...invalid, message: /no element/ });
      t.throws(() => memory.notify(numbers, index), { ...invalid, message: /no element/ });
    }
    t.throws(() => memory.notify(numbers, 0, NaN), { ...invalid, message: /count/ });
    await t.throwsAsync(memory.wait(numbers, 0, 0, { timeout: -1 }), { ...invalid, message: /timeout/ });
    t.throws(() => memory.waitSync(numbers, 0, 0, { timeout: -1 }), { ...invalid, message: /timeout/ });
    const without = new SharedMemory({ size: 4, waitable: false });
    await t.throwsAsync(without.wait(new Int32Array(without.buffer), 0, 0), { ...invalid, message: /waitable: true/ });
    t.throws(() => new SharedMemory({ size: 4, mode: 'copy-on-write', waitable: true }), invalid);
    memory.close();
    await t.throwsAsync(memory.wait(numbers, 0, 0), { code: 'ERR_ZYGOTE_CLOSED' });
  });
}
