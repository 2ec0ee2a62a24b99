import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { getAllStartMethods } from 'zygote';
import { code } from './helpers/expected.js';
import { scenariosOf } from './helpers/scenarios.js';

const program = new URL('fixtures/descriptors.js', import.meta.url);

for (const method of getAllStartMethods()) {
  const it = scenariosOf(program, method);

  if (method !== 'fork') {
    it.add('a child has as many descriptors as its older siblings', 'growth', (t, outcome) => {
      const counts = outcome.value<number[]>('counts');
      t.is(counts.length, 6);
      t.deepEqual([...new Set(counts)], counts.slice(0, 1));
    });

    test(`${method}: a child gets no descriptor that it was not given`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'zygote-foreign-'));
      t.teardown(() => rmSync(folder, { recursive: true }));
      const path = join(folder, 'foreign');
      // One that was not opened by Node, which would have marked it.
      const outcome = await it.run(t, 'foreign', {
        wrapper: ['sh', '-c', 'exec 7<>"$0"; exec "$@"', path],
        env: { ZYGOTE_TEST_FOREIGN: path },
      });
      t.is(outcome.code, 0);
      t.deepEqual(outcome.value('foreign'), []);
      t.is(outcome.value('own'), 1);
    });
  }

  it.add(
    'processes leave no descriptor, thread or zombie behind, also those that could not be started',
    'leaks',
    (t, outcome) => {
      t.deepEqual(outcome.value('after'), outcome.value('before'));
    },
  );

  it.add('pipes that were read to their end are closed', 'pipes', (t, outcome) => {
    t.deepEqual(outcome.value('after'), outcome.value('before'));
  });

  if (method === 'forkserver') {
    it.add('its server keeps no descriptor and no zombie', 'serverLeaks', (t, outcome) => {
      t.is(outcome.value('zombies'), 0);
    });
  }

  it.add('a process that nobody joins leaves no zombie', 'zombies', (t, outcome) => {
    t.is(outcome.value('active'), 0);
  });

  it.add(
    'the object of a process that has ended is collected',
    'collected',
    (t, outcome) => {
      t.true(outcome.value('collected'));
    },
    { nodeArgs: ['--expose-gc'] },
  );

  it.add(
    'a process does not hold its arguments after its end',
    'released',
    (t, outcome) => {
      t.true(outcome.value('released'));
      t.is(outcome.value('still'), 0);
    },
    { nodeArgs: ['--expose-gc'] },
  );

  it.add(
    'processes can be started where standard output and error are closed',
    'closedOutputs',
    (t, outcome) => {
      t.is(outcome.value('result'), 'spoken');
    },
    { wrapper: ['sh', '-c', 'exec "$@" >&- 2>&-', 'sh'] },
  );

  it.add('a process that closes its standard output and error gives its result', 'closedInside', (t, outcome) => {
    t.is(outcome.value('result'), 'closed');
    t.deepEqual(outcome.value('status'), code(0));
  });
}
