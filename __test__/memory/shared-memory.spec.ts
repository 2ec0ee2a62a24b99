import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import test from 'ava';
import { getAllStartMethods, SharedMemory } from 'zygote';
import { until } from '../helpers/report.js';
import { refused } from '../start/helpers/expected.js';
import type { Caught } from '../start/helpers/fixture.js';
import { scenariosOf, Scenarios } from '../start/helpers/scenarios.js';

const program = new URL('fixtures/memory.js', import.meta.url);
const GC = { nodeArgs: ['--expose-gc'] };

/** Processes that have the memory with this inode open or mapped. */
function holdersOf(inode: number): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      if (readFileSync(`/proc/${pid}/maps`, 'utf8').includes(` ${inode} `)) return true;
      return readdirSync(`/proc/${pid}/fd`).some((fd) => {
        const path = `/proc/${pid}/fd/${fd}`;
        return readlinkSync(path).startsWith('/memfd:') && statSync(path).ino === inode;
      });
    } catch {
      return false;
    }
  });
}

for (const method of getAllStartMethods()) {
  const it = scenariosOf(program, method);

  it.add('what any process writes to shared memory all others see', 'together', (t, outcome) => {
    t.true(outcome.value('here'));
    t.deepEqual(outcome.value('there'), [true, true, true]);
    t.deepEqual(outcome.value('sums'), [40_000, 40_000]);
  });

  it.add('shared memory can be passed on to children of children', 'nested', (t, outcome) => {
    t.not(outcome.value('pid'), outcome.pid);
    t.deepEqual(outcome.value('sums'), [3, 3]);
  });

  it.add('a context has shared memory', 'context', (t, outcome) => {
    t.true(outcome.value('isShared'));
    t.deepEqual(outcome.value('sums'), [1, 1]);
  });

  it.add('shared memory can be made of bytes', 'from', (t, outcome) => {
    t.is(outcome.value('before'), 'of the parent');
    t.is(outcome.value('after'), 'childe parent');
  });

  it.add('of copy-on-write memory every process has a copy of its own', 'copies', (t, outcome) => {
    // A fork inherits what its parent has written for itself.
    t.deepEqual(outcome.value('seen'), ['first', method === 'fork' ? 'later' : 'first']);
    t.is(outcome.value('own'), 'later');
  });

  it.add('bytes can be given to processes as copies', 'copiesFrom', (t, outcome) => {
    t.true(outcome.value('kind'));
    t.deepEqual(outcome.value('seen'), ['initial', 'initial']);
    t.is(outcome.value('own'), 'initial');
  });

  it.add('memory that arrives several times is the same', 'same', (t, outcome) => {
    t.deepEqual(outcome.value('same'), [true, true, true]);
  });

  it.add('at any other time than its start no memory can be given to a process', 'elsewhere', (t, outcome) => {
    const failures = outcome.value<Caught[]>('failures');
    // Sent to a child, given as its result, sent to a parent.
    const paths = ['$.memory', '$', '$'];
    t.is(failures.length, paths.length);
    for (const [index, failure] of failures.entries()) {
      t.like(failure, { class: 'TransferError', ...refused('TRANSFER'), path: paths[index] });
      t.regex(
        String(failure.reason),
        /^it is a SharedMemory, which can only be shared with a process while it is being started: pass it in args/,
      );
    }
    const closed = outcome.value<Caught>('closed');
    if (method === 'fork') t.like(closed, { value: closed.value });
    else t.like(closed, { class: 'TransferError', path: '$.args[0]', reason: 'this SharedMemory was closed' });
  });

  it.add('Workers wait for changes of shared memory as for those of their own', 'worker', (t, outcome) => {
    t.deepEqual(outcome.value('here'), ['ok', 22]);
    t.deepEqual(outcome.value('there'), ['ok', 22]);
    t.deepEqual(outcome.value('seen'), [0, 1, 22]);
  });

  // Counted by /proc.
  it.addOnUnix(
    'shared memory that is closed leaves nothing behind',
    'leaks',
    (t, outcome) => {
      t.deepEqual(outcome.value('after'), outcome.value('before'));
    },
    GC,
  );

  if (process.platform === 'linux') {
    test(`${method}: shared memory stays with the others when its creator was killed`, async (t) => {
      const outcome = await it.run(t, 'creatorKilled');
      t.is(outcome.signal, 'SIGKILL');
      t.deepEqual(outcome.value('left'), [77, 8]);
      t.is(outcome.value('handed on'), 3);
    });

    test(`${method}: shared memory is freed when the last process that has it was killed`, async (t) => {
      let inode = -1;
      const outcome = await it.run(t, 'killed', {
        during: async ({ program: { stdin, pid = 0 }, entries }) => {
          stdin?.end();
          const holding = () => entries().flatMap(({ what, value }) => (what === 'holds' ? [value as number] : []));
          await until(() => holding().length === 2);
          inode = entries().find(({ what }) => what === 'inode')?.value as number;
          t.true(holdersOf(inode).length >= 3);
          for (const holder of [pid, ...holding()]) process.kill(holder, 'SIGKILL');
        },
      });
      t.is(outcome.signal, 'SIGKILL');
      // A forkserver has nothing of it, or ends with its owner.
      await until(() => holdersOf(inode).length === 0);
      t.deepEqual(holdersOf(inode), []);
    });
  }

  if (method !== 'fork') {
    it.add('up to 249 objects can be shared with a process at its start', 'many', (t, outcome) => {
      t.is(outcome.value('sum'), 249);
      const failure = outcome.value<Caught>('refused');
      t.like(failure, { class: 'TransferError', ...refused('TRANSFER') });
      t.regex(String(failure.message), /250 descriptors, and the system passes at most 249/);
      t.is(outcome.value('active'), 0);
    });
  }
}

for (const strategy of getAllStartMethods().includes('fork') ? (['all-threads', 'single-threaded'] as const) : []) {
  const it = new Scenarios(program, strategy, [], { strategy });

  it.add('a child that is forked inherits shared memory, and copies', 'inherited', (t, outcome) => {
    t.is(outcome.value('seen'), 'first');
    t.is(outcome.value('next'), 'later');
    t.deepEqual(outcome.value('sums'), [5, 5]);
    t.is(outcome.value('own'), 'later');
  });

  it.add(
    'a raw fork shares what is shared, and copies what is a copy',
    'raw',
    (t, outcome) => {
      t.is(outcome.value('child'), 'child');
      t.is(outcome.value('parent'), 'first');
      t.deepEqual(outcome.value('own'), [2, 2]);
      t.deepEqual(outcome.value('sums'), [6, 6]);
    },
    GC,
  );
}

{
  const it = new Scenarios(program, 'shared memory');

  // Counted by /proc.
  it.addOnUnix(
    'is freed when nobody refers to it any more',
    'collected',
    (t, outcome) => t.true(outcome.value('after')),
    GC,
  );

  // Counted by /proc.
  it.addOnUnix('gives a copy back as soon as it is closed', 'closed', (t, outcome) =>
    t.is(outcome.value('descriptors'), 0),
  );

  it.add('stays shared where its buffer is cloned', 'cloned', (t, outcome) => {
    t.deepEqual(outcome.value('clone'), [9, 9, true]);
  });

  // Windows limits handles by its memory only.
  it.addOnUnix(
    'is refused where there are no descriptors, and to be had again when some were closed',
    'limit',
    (t, outcome) => {
      const failure = outcome.value<Caught>('failure');
      t.like(failure, { class: 'ZygoteError', ...refused('SYSTEM') });
      t.regex(String(failure.message), /no shared memory of 1 bytes: .*os error 24.* close\(\) those/);
      t.is(outcome.value('next'), 1);
    },
    { wrapper: ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh'] },
  );

  test('memory is zero at first, and exactly as large as was asked for', (t) => {
    for (const mode of ['shared', 'copy-on-write'] as const) {
      for (const size of [1, 4096, 10_001]) {
        using memory = new SharedMemory({ size, mode });
        t.is(memory.size, size);
        t.is(memory.mode, mode);
        t.is(memory.buffer.byteLength, size);
        t.true(new Uint8Array(memory.buffer).every((byte) => byte === 0));
      }
    }
  });

  test('its buffer is always the same object', (t) => {
    using memory = new SharedMemory({ size: 4 });
    t.is(memory.buffer, memory.buffer);
    t.true(memory.buffer instanceof SharedArrayBuffer);
    using copies = new SharedMemory({ size: 4, mode: 'copy-on-write' });
    t.true(copies.buffer instanceof ArrayBuffer);
  });

  test('it is made of views, with the bytes that these show', (t) => {
    const numbers = Float64Array.of(1, 2, 3).subarray(1);
    for (const mode of ['shared', 'copy-on-write'] as const) {
      using memory = SharedMemory.from(numbers, { mode });
      t.deepEqual([...new Float64Array(memory.buffer)], [2, 3]);
      new Float64Array(memory.buffer)[0] = 5;
    }
    t.is(numbers[0], 2);
    using ofBuffer = SharedMemory.from(new SharedArrayBuffer(3));
    t.is(ofBuffer.size, 3);
  });

  test('a copy can be frozen early, and written to afterwards', (t) => {
    using memory = new SharedMemory({ size: 2, mode: 'copy-on-write' });
    const bytes = new Uint8Array(memory.buffer);
    bytes[0] = 1;
    t.is(memory.freeze().freeze(), memory);
    bytes[1] = 2;
    t.deepEqual([...bytes], [1, 2]);
  });

  test('closed memory is refused; views of what is shared stay valid, copies are gone', (t) => {
    const memory = new SharedMemory({ size: 2 });
    const copies = new SharedMemory({ size: 2, mode: 'copy-on-write' });
    const [shared, copy] = [new Uint8Array(memory.buffer), new Uint8Array(copies.buffer)];
    shared[0] = 7;
    for (const one of [memory, copies]) {
      one.close();
      one.close();
      const closed = { code: 'ERR_ZYGOTE_CLOSED' };
      t.throws(() => one.buffer, closed);
      t.throws(() => one.freeze(), closed);
    }
    t.is(shared[0], 7);
    t.is(copy.length, 0);
  });

  test('what cannot be is refused, and says why', (t) => {
    const invalid = { code: 'ERR_ZYGOTE_INVALID_ARGUMENT' };
    for (const size of [0, -1, 1.5, NaN, Infinity, '8', undefined]) {
      t.throws(() => new SharedMemory({ size: size as number }), { ...invalid, message: /^size must be/ });
    }
    t.throws(() => new SharedMemory({ size: 1, mode: 'private' as 'shared' }), { ...invalid, message: /^mode is/ });
    t.throws(() => SharedMemory.from('text' as unknown as Buffer), { ...invalid, message: /from takes/ });
    t.throws(() => SharedMemory.from(new Uint8Array(0)), { ...invalid, message: /^size must be/ });
    for (const mode of ['shared', 'copy-on-write'] as const) {
      const message = /^there is no shared memory of 140737488355328 bytes: /;
      t.throws(() => new SharedMemory({ size: 2 ** 47, mode }), { code: 'ERR_ZYGOTE_SYSTEM', message });
    }
  });
}
