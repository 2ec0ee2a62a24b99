import type { StartMethod } from 'zygote';
import type { Caught } from '../../start/helpers/fixture.js';
import { refused } from '../../start/helpers/expected.js';
import { type ProgramOptions, scenariosOf } from '../../start/helpers/scenarios.js';

const program = new URL('../fixtures/calls.js', import.meta.url);

export const NOTHING_LEFT = { joined: true, workers: 0, busy: 0, starting: 0, pids: [], queued: 0, running: 0 };

/** What a pool does for its user. */
export function calls(method: StartMethod, options: ProgramOptions = {}): void {
  const it = scenariosOf(program, method, options);

  it.add('a pool runs functions in its workers, and gives their values and errors', 'calls', (t, outcome) => {
    t.true(outcome.value('name'));
    t.is(outcome.value('run'), 3);
    t.deepEqual(outcome.value('apply'), [7, null]);
    t.deepEqual(outcome.value('async'), 'value');
    t.deepEqual(outcome.value('simple'), [null, true, 'text \u{1F600} \uD800', 1.5, [1, 2], { a: 1, b: 'c' }]);
    t.deepEqual(outcome.value('rich'), [true, true, new Date(0).toISOString(), [[1], [2]]]);
    t.true(outcome.value('same'));
    t.deepEqual(outcome.value('as it was'), [{ before: true }]);
    t.like(outcome.value('thrown'), { class: 'RangeError', message: 'no' });
    t.regex(String(outcome.value<Caught>('thrown').stack), /at fail .*tasks/);
    t.deepEqual(outcome.value('large'), [300_000, 5_000_000]);
    t.is(outcome.value('many'), 2999 ** 2);
    t.true(outcome.value('names'));
    t.deepEqual(outcome.value('stats'), { started: 2, completed: true, wait: true, run: true });
    t.deepEqual(outcome.value('end'), NOTHING_LEFT);
    t.is(outcome.stderr, '');
  });

  it.add('map, starmap, imap and imapUnordered take iterables of both kinds, in chunks', 'maps', (t, outcome) => {
    t.deepEqual(outcome.value('map'), Array(7).fill(true));
    t.deepEqual(outcome.value('starmap'), [3, 7]);
    t.deepEqual(outcome.value('async'), ['a', 'b', 'c']);
    t.deepEqual(outcome.value('empty'), Array(5).fill([]));
    t.deepEqual(outcome.value('progress'), [4, 10]);
    const sizes = outcome.values<Caught>('chunk size');
    t.is(sizes.length, 3);
    for (const refusal of sizes) t.like(refusal, { class: 'RangeError', ...refused('INVALID_ARGUMENT') });
    t.like(outcome.value('no iterable'), refused('INVALID_ARGUMENT'));
    t.like(outcome.value('fails'), { class: 'RangeError' });
    t.like(outcome.value('unsendable'), { class: 'TransferError', path: '$[3]' });
    t.is(outcome.value('after'), 2);
    t.deepEqual(outcome.value('end'), NOTHING_LEFT);
  });

  it.add(
    'an input or a callback that throws rejects its map only; the look-ahead is bounded',
    'inputs',
    (t, outcome) => {
      for (const name of ['map', 'imap', 'unordered']) {
        for (const error of outcome.values(name)) t.like(error, { class: 'RangeError', message: 'input' });
      }
      t.like(outcome.value('before it throws'), { message: 'input' });
      t.deepEqual(outcome.value('seen'), [0, 1, 4]);
      const { taken, ...rest } = outcome.value<{ taken: number }>('look-ahead');
      t.deepEqual(rest, { got: 361, closed: true } as object);
      t.true(taken <= 30, String(taken));
      t.like(outcome.value('callback'), { message: 'callback' });
      t.is(outcome.value('after'), 2);
      t.deepEqual(outcome.value('end'), NOTHING_LEFT);
    },
  );

  it.add(
    'an initializer runs first; one that fails rejects, and is not run without end',
    'initializers',
    (t, outcome) => {
      t.deepEqual(outcome.value('counted'), [101, 102]);
      for (const error of [...outcome.value<Caught[]>('failing'), outcome.value<Caught>('again')]) {
        t.like(error, { ...refused('INITIALIZER'), cause: { class: 'RangeError', message: 'cannot begin' } });
      }
      t.true(outcome.value('started'));
      for (const end of outcome.values('end')) t.deepEqual(end, NOTHING_LEFT);
      if (method !== 'fork') return;
      t.like(outcome.value('exiting'), { ...refused('WORKER_CRASHED'), exitCode: 5 });
      t.regex(outcome.value<Caught>('exiting').message ?? '', /while it ran task initializer/);
    },
  );

  it.add(
    'workers are replaced and end as the options say; close drains, terminate does not',
    'lifetimes',
    (t, outcome) => {
      t.deepEqual(outcome.value('pids'), [0, 0, 0, 3, 3, 3, 6]);
      t.true(outcome.value<number>('map') >= 3);
      t.is(outcome.value('idle'), 1);
      t.is(outcome.value('reused'), 1);
      t.is(outcome.value('all'), 2);
      t.like(outcome.value('running'), refused('POOL_RUNNING'));
      t.like(outcome.value('closed'), refused('POOL_CLOSED'));
      t.is(outcome.value('drained'), 50);
      t.is(outcome.value('disposed'), 'done');
      for (const end of outcome.values('end')) t.deepEqual(end, NOTHING_LEFT);
      t.deepEqual(outcome.value('terminated'), Array(3).fill(refused('POOL_TERMINATED').code));
      t.true(outcome.value('joined'));
    },
  );

  it.add('misuse is refused with a code', 'misuse', (t, outcome) => {
    for (const error of outcome.value<Caught[]>('options')) t.like(error, refused('INVALID_ARGUMENT'));
    t.like(outcome.value('method'), refused('START_METHOD'));
    t.deepEqual(outcome.value('context'), [true, 'Pool']);
    t.like(outcome.value('no function'), refused('INVALID_ARGUMENT'));
    t.like(outcome.value('unsendable'), { class: 'TransferError', path: '$.args[1].deep[0]' });
    t.like(outcome.value('timeout'), refused('INVALID_ARGUMENT'));
    t.deepEqual(outcome.value('end'), NOTHING_LEFT);
    if (method === 'fork') return;
    const { path, message } = outcome.value<{ path: string; message: string }>('closure');
    t.is(path, '$.fn');
    t.regex(message, /define|export/);
  });
}
