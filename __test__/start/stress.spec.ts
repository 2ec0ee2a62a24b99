import { randomInt } from 'node:crypto';
import { type ForkStrategy, getAllStartMethods } from 'zygote';
import { refused } from './helpers/expected.js';
import { Scenarios } from './helpers/scenarios.js';

const program = new URL('fixtures/stress.js', import.meta.url);

/** To repeat what has failed, set it to the number that was printed. */
const seed = process.env['ZYGOTE_TEST_SEED'] ?? String(randomInt(1_000_000));

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  if (!getAllStartMethods().includes('forkserver')) break;
  const prefix = strategy === 'all-threads' ? 'forkserver' : 'forkserver, single-threaded';
  const it = new Scenarios(program, prefix, ['', seed], { strategy });

  it.add('200 starts succeed or are rejected, though the server is killed meanwhile', 'killed', (t, outcome) => {
    t.log(`ZYGOTE_TEST_SEED=${seed}`);
    const codes = outcome.value<Record<string, number>>('codes');
    const { code } = refused('FORKSERVER_LOST');
    t.deepEqual(
      Object.keys(codes).filter((name) => name !== code),
      [],
    );
    // Of children that the server has to reap, nobody knows how they ended without it.
    if (strategy === 'all-threads') {
      t.deepEqual(outcome.values('wrong'), []);
      t.is(outcome.value<number>('fine') + (codes[code] ?? 0), 200);
    }
    t.true(outcome.value<number>('fine') > 50);
    t.true(outcome.value<number>('kills') > 2);
    t.deepEqual(outcome.value('left'), [0, 0]);
  });
}

new Scenarios(program, 'all methods', ['', seed]).add(
  '60 starts by any method, side by side',
  'mixed',
  (t, outcome) => {
    t.log(`ZYGOTE_TEST_SEED=${seed}`);
    t.deepEqual(outcome.values('wrong'), []);
    t.deepEqual(outcome.value('codes'), {});
    t.is(outcome.value('fine'), 60);
    t.deepEqual(outcome.value('left'), [0, 0]);
  },
);
