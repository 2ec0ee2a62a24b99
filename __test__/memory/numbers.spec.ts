import test from 'ava';
import { getAllStartMethods, type NumbersType, SharedArray, SharedValue } from 'zygote';
import { refused } from '../start/helpers/expected.js';
import type { Caught } from '../start/helpers/fixture.js';
import { scenariosOf } from '../start/helpers/scenarios.js';

const program = new URL('fixtures/numbers.js', import.meta.url);

for (const method of getAllStartMethods()) {
  const it = scenariosOf(program, method);

  it.add('values of every type are shared', 'types', (t, outcome) => {
    t.deepEqual(outcome.value('values'), ['-101', ...Array<string>(10).fill('155')]);
  });

  it.add('no change of an array is lost that is made with its lock', 'locked', (t, outcome) => {
    t.deepEqual(outcome.value('numbers'), [1, 32, 3]);
  });

  it.add('no change of a value is lost', 'updated', (t, outcome) => t.is(outcome.value('value'), 200));

  it.add('who comes after a process that was killed with the lock is told', 'abandoned', (t, outcome) => {
    t.deepEqual(outcome.value('next'), [1, true]);
    t.false(outcome.value('later'));
  });

  it.add('arrays can have a lock in common', 'ownLock', (t, outcome) => {
    const [same, waited] = outcome.value<[boolean, Caught]>('result');
    t.true(same);
    t.like(waited, { class: 'TimeoutError', ...refused('TIMEOUT') });
  });

  it.add('an array can be made without a lock', 'without', (t, outcome) => {
    t.like(outcome.value('result'), refused('INVALID_ARGUMENT'));
    t.deepEqual(outcome.value('numbers'), [3]);
  });
}

{
  test('an array is zero at first, or has the values that it was given', (t) => {
    using zeros = new SharedArray(Int16Array, 3);
    t.is(zeros.length, 3);
    t.deepEqual([...zeros.array], [0, 0, 0]);
    t.true(zeros.array instanceof Int16Array);
    using values = new SharedArray(Uint8Array, new Set([1, 2]));
    t.deepEqual([...values.array], [1, 2]);
    using of = new SharedArray(BigInt64Array, [5n]);
    t.is(of.array[0], 5n);
    t.is(of.memory.size, 8);
  });

  test('a copy of an array begins with its values, and goes its own way', (t) => {
    using numbers = new SharedArray(Float64Array, [1, 2]);
    using copy = new SharedArray(Float64Array, numbers.array);
    numbers.array[0] = 7;
    copy.array[1] = 8;
    t.deepEqual([...numbers.array], [7, 2]);
    t.deepEqual([...copy.array], [1, 8]);
  });

  test('a value is zero at first, or what it was given', (t) => {
    using zero = new SharedValue(Float64Array);
    t.is(zero.value, 0);
    zero.value = 1.5;
    t.is(zero.value, 1.5);
    using given = new SharedValue(BigUint64Array, 7n);
    t.is(given.value, 7n);
  });

  test('an integer is changed at once', (t) => {
    using value = new SharedValue(Int32Array, 5);
    t.is(value.add(2), 5);
    t.is(value.exchange(1), 7);
    t.is(value.compareExchange(2, 9), 1);
    t.is(value.compareExchange(1, 9), 1);
    t.is(value.value, 9);
    t.throws(() => new SharedValue(Float64Array).add(1), { instanceOf: TypeError });
  });

  test('a value is updated by what it was, and stays if that fails', async (t) => {
    using value = new SharedValue(Float64Array, 2);
    t.is(await value.update(async (before) => before * 1.5), 3);
    await t.throwsAsync(
      value.update(() => {
        throw new Error('no');
      }),
      { message: 'no' },
    );
    t.is(await value.withLock((it) => it.value), 3);
  });

  test('waiting for the lock ends with the timeout, or the signal', async (t) => {
    using numbers = new SharedArray(Float64Array, 1);
    const guard = await numbers.lock.acquire();
    const never = () => t.fail();
    await t.throwsAsync(numbers.withLock(never, { timeout: 5 }), { code: 'ERR_ZYGOTE_TIMEOUT' });
    const reason = new Error('enough');
    t.is(await t.throwsAsync(numbers.withLock(never, { signal: AbortSignal.abort(reason) })), reason);
    guard.release();
    t.is(await numbers.withLock(({ length }) => length), 1);
  });

  test('an array can be waited for, if that was asked for', async (t) => {
    using numbers = new SharedArray(Int32Array, 1, { waitable: true });
    const waiting = numbers.memory.wait(numbers.array, 0, 0);
    t.is(numbers.memory.notify(numbers.array, 0), 1);
    t.is(await waiting, 'ok');
  });

  test('what is no type, and no length, is refused', (t) => {
    const invalid = { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' };
    for (const Type of [Array, DataView, 'Float64Array', undefined, () => {}]) {
      t.throws(() => new SharedArray(Type as unknown as NumbersType, 1), { ...invalid, message: /the type must be/ });
    }
    for (const length of [0, -1, 0.5, NaN]) {
      t.throws(() => new SharedArray(Float64Array, length), { ...invalid, message: /number of elements/ });
    }
    t.throws(() => new SharedArray(Float64Array, []), { ...invalid, message: /number of elements/ });
  });
}
