import type { StartMethod } from 'zygote';
import { signal } from '../../start/helpers/expected.js';
import { type Caught } from '../../start/helpers/fixture.js';
import { refused } from '../../start/helpers/expected.js';
import { type ProgramOptions, scenariosOf } from '../../start/helpers/scenarios.js';
import { isThere } from '../../start/helpers/there.js';
import { until } from '../../helpers/report.js';

const program = new URL('../fixtures/faults.js', import.meta.url);
const onWindows = process.platform === 'win32';

/** On Windows a process that was ended has an exit code. */
const KILLED = onWindows ? 1 : 'SIGKILL';
const crashed = (how: number | string) => ['WorkerCrashedError', refused('WORKER_CRASHED').code, how];

/** What becomes of the task at fault, in each of CPython's crossings of a stage and a way to go wrong. */
const FATES: Record<string, unknown> = {
  'reduce in pool, error': ['TransferError', refused('TRANSFER').code],
  'rebuild in worker, error': ['TransferError', refused('TRANSFER').code],
  'rebuild in worker, exit': crashed(7),
  'rebuild in worker, crash': crashed(KILLED),
  'run, error': ['RangeError'],
  'run, exit': crashed(7),
  'run, crash': crashed(KILLED),
  'reduce in worker, error': ['TransferError', refused('TRANSFER').code],
  'reduce in worker, exit': crashed(7),
  'reduce in worker, crash': crashed(KILLED),
  'rebuild in pool, error': ['TransferError', refused('TRANSFER').code],
  'writing, crash': crashed(KILLED),
  'error that cannot be made again': ['TransferError', refused('TRANSFER').code],
};

/** What goes wrong in a pool. */
export function faults(method: StartMethod, options: ProgramOptions = {}): void {
  const it = scenariosOf(program, method, options);

  it.add('an error, an exit and a crash at any stage in a worker cost the one task only', 'stages', (t, outcome) => {
    for (const [what, fate] of Object.entries(FATES)) t.deepEqual(outcome.value(what), [fate, true], what);
    t.deepEqual(outcome.value('stats'), { crashed: 7, retried: 0 });
    t.true(outcome.value('joined'));
  });

  for (const [scenario, title, code] of [
    ['reduceExit', 'while a task is written', 7],
    ['reduceCrash', 'while a task is written', null],
    ['rebuildExit', 'while a result is read', 7],
    ['rebuildCrash', 'while a result is read', null],
  ] as const) {
    const how = code === null ? 'is killed' : 'exits';
    it.addEnding(`a process that ${how} ${title} leaves no worker behind`, scenario, async (t, outcome) => {
      if (code !== null) t.is(outcome.code, code);
      else if (!onWindows) t.is(outcome.signal, 'SIGKILL');
      const pids = outcome.value<number[]>('pids');
      t.is(pids.length, 2);
      await until(() => !pids.some(isThere));
    });
  }

  it.add('nothing of what hangs a pool of Python hangs this one', 'hangs', (t, outcome) => {
    t.deepEqual(outcome.value('killed'), [crashed(KILLED), true]);
    t.deepEqual(outcome.value('killed while idle'), [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
    t.deepEqual(outcome.value('exit'), [crashed(7), true]);
    t.deepEqual(outcome.value('does not unpickle'), [['TransferError', refused('TRANSFER').code], true]);
    t.deepEqual(outcome.value('callback'), ['RangeError']);
    t.deepEqual(outcome.value('initializer'), ['ZygoteError', refused('INITIALIZER').code]);
    t.deepEqual(outcome.value('chunk size'), ['RangeError', refused('INVALID_ARGUMENT').code]);
    t.deepEqual(outcome.values('joined'), [true, true, true]);
  });

  it.add(
    'a task that is lost says which one, and how its worker ended; or it is run again',
    'crashes',
    (t, outcome) => {
      const [task, signalCode, message] = outcome.value<[string, string, string]>('task');
      t.is(task, 'strike');
      if (!onWindows) t.is(signalCode, 'SIGKILL');
      t.regex(message, /^a worker .* while it ran task strike$/);
      // Where nobody can see how far it was, it is the first of its chunk.
      t.true([60, ...(onWindows ? [50] : [])].includes(outcome.value('item')));
      for (const what of ['uncaught', 'unhandled']) {
        t.like(outcome.value(what), { ...refused('WORKER_CRASHED'), exitCode: 1, cause: { class: 'RangeError' } });
      }
      t.regex(outcome.value<Caught>('never').message ?? '', /can never settle/);
      t.is(outcome.value('after'), 3);
      t.deepEqual(outcome.value('retried'), [crashed(KILLED), 2, 3]);
      t.deepEqual(outcome.value('retried map'), [true]);
    },
  );

  it.add(
    'a worker without memory costs its task only; so does a result that is too large',
    'heap',
    (t, outcome) => {
      const [fate, innocent] = outcome.value<[unknown[], boolean]>('heap');
      t.deepEqual(fate.slice(0, 2), crashed('').slice(0, 2));
      t.true(innocent);
      const [large, unharmed] = outcome.value<[unknown[], boolean]>('too large');
      t.is(large[0], 'RangeError');
      t.true(unharmed);
      t.deepEqual(outcome.value('large'), [3_000_000, true]);
      t.true(outcome.value('joined'));
    },
    { nodeArgs: method === 'spawn' ? [] : ['--max-old-space-size=60'] },
  );

  it.add('limits of time and signals end what runs, and drop what waits', 'limits', (t, outcome) => {
    const late = ['TimeoutError', refused('TIMEOUT').code];
    t.deepEqual(outcome.value('limit'), [late, late, 'in time']);
    t.is(outcome.value('items'), 4);
    t.deepEqual(outcome.value('timeout'), late);
    t.deepEqual(outcome.value('running'), late);
    t.deepEqual(outcome.value('aborted'), Array(6).fill(['RangeError']));
    t.true(outcome.value('replaced'));
    t.deepEqual(outcome.value('aborted before'), ['RangeError']);
    t.deepEqual(outcome.value('aborted map'), ['RangeError']);
    t.deepEqual(outcome.value('stopped map'), ['DOMException', 20]);
    t.is(outcome.value('after'), 3);
    t.true(outcome.value('joined'));
  });

  it.add('a pool whose process is busy for seconds does not take its workers for slow', 'blocked', (t, outcome) => {
    t.is(outcome.value('blocked'), 50);
    t.is(outcome.value('crashed'), 0);
    t.true(outcome.value('joined'));
  });

  it.add('100,000 tasks are queued and cancelled', 'cancelled', (t, outcome) => {
    t.is(outcome.value('rejected'), 100_000);
    t.is(outcome.value('queued'), 0);
    t.is(outcome.value('still running'), 2);
    t.deepEqual(outcome.value('running'), [['RangeError'], ['RangeError']]);
    t.is(outcome.value('after'), 3);
    t.true(outcome.value('joined'));
  });

  it.addEnding(
    'a process that is killed leaves no worker behind, however busy they are',
    'orphans',
    async (t, outcome) => {
      if (!onWindows) t.like(outcome, { signal: signal('SIGKILL').signalCode });
      const pids = outcome.value<number[]>('pids');
      await until(() => !pids.some(isThere));
      t.is(pids.length, 2);
    },
    {
      during: async ({ program: running, reported }) => {
        await reported('pids');
        running.kill('SIGKILL');
      },
    },
  );

  if (onWindows) return;
  it.add('a worker that closes its channel is replaced', 'channel', (t, outcome) => {
    const [fate, innocent] = outcome.value<[unknown[], boolean]>('closed');
    t.is(fate[0], 'WorkerCrashedError');
    t.true(innocent);
    t.is(outcome.value('after'), 3);
    t.true(outcome.value('joined'));
  });
}
