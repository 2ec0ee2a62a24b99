import { resolve } from 'node:path';
import type { ExitStatus, StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { code, refused } from '../helpers/expected.js';
import { scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/results.js', import.meta.url);

interface Ended {
  result: Caught;
  status: ExitStatus;
}

/** What the parent gets to know of a process's end. */
export function results(method: StartMethod): void {
  const it = scenariosOf(program, method);

  it.add('arguments and result keep their values and types', 'values', (t, outcome) => {
    t.is(outcome.value('same'), 7);
    t.is(outcome.value('promise'), 'later');
    t.deepEqual(outcome.value('after the end'), [[1], [1]]);
  });

  it.add(
    'what the target throws rejects the result, with class, stack, cause, parts and properties',
    'errors',
    (t, outcome) => {
      const thrown = (how: string): Caught => {
        const { result, status } = outcome.value<Ended>(how);
        t.deepEqual(status, code(1), how);
        return result;
      };
      t.like(thrown('builtIn'), { class: 'TypeError', name: 'TypeError' });
      t.regex(String(thrown('builtIn').stack), /^TypeError: .*\n\s+at .*results\.js/);
      t.like(thrown('own'), { class: 'Overflow', message: 'tank A is full', code: 'OVERFLOW' });
      t.regex(String(thrown('own').stack), /results\.js:\d+/);
      t.like(thrown('cause'), {
        class: 'Error',
        message: 'outer',
        cause: { class: 'TypeError', message: 'inner', cause: { class: 'Overflow', message: 'tank B is full' } },
      });
      t.regex(String(thrown('cause').cause?.stack), /^TypeError: inner\n\s+at .*results\.js/);
      const { errors = [], ...rest } = thrown('several');
      t.like(rest, { class: 'AggregateError', message: 'several' });
      t.like(errors[0], { class: 'RangeError', message: 'first' });
      t.like(errors[1], { class: 'Overflow', message: 'tank C is full' });
      t.deepEqual(errors[2], { thrown: 'third' });
      t.deepEqual(thrown('nothing'), {});
      t.deepEqual(thrown('text'), { thrown: 'text' });
      t.deepEqual(thrown('object'), { thrown: { reason: 'none', list: [1] } });
      t.like(thrown('system'), { class: 'Error', code: 'ENOENT', path: resolve('/nowhere/at/all') });
      t.like(thrown('unserializable'), { class: 'TransferError', ...refused('TRANSFER'), path: '$.list[1].token' });
      t.deepEqual(outcome.value('instance'), [
        true,
        12,
        { name: 'A', limits: [1, 2] },
        'OVERFLOW',
        ['level', 'tank', 'code'],
      ]);
      t.deepEqual(outcome.value('instances'), [true, true]);
      t.is(outcome.stderr, '');
    },
  );

  it.add(
    'a process that ends without a result rejects it with how it ended, and says what nobody has caught',
    'exits',
    (t, outcome) => {
      const ends = (how: string, exitCode: number) => {
        const { result, status } = outcome.value<Ended>(how);
        t.like(result, { class: 'ProcessExitError', ...refused('PROCESS_EXIT'), name: 'job', ...code(exitCode) }, how);
        t.deepEqual(status, code(exitCode), how);
      };
      ends('process.exit()', 0);
      ends('process.exit(0)', 0);
      ends('process.exit(3)', 3);
      ends('process.exit("8")', 8);
      ends('process.exit in a callback', 6);
      ends('uncaught', 1);
      ends('unhandled rejection', 1);
      const { result, status } = outcome.value<Ended>('process.exit(true)');
      t.like(result, { class: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
      t.deepEqual(status, code(1));
      t.deepEqual(outcome.value('process.exitCode'), { result: { value: 'value' }, status: code(4) });
      for (const how of ['never settles', 'never settles, after some time']) {
        const { result, status } = outcome.value<Ended>(how);
        t.regex(String(result.message), /the target of job never settled/);
        t.deepEqual(status, code(13), how);
      }
      // What nobody catches is said, with its whole stack.
      t.regex(outcome.stderr, /tank D is full\r?\n\s+at .*results\.js/);
      t.regex(outcome.stderr, /RangeError: nobody handles it\r?\n\s+at .*results\.js/);
    },
  );

  it.add(
    'exit listeners of the child run in the child, and those of the parent do not',
    'exitListeners',
    (t, outcome) => {
      t.is(outcome.value('result'), 'value');
      t.deepEqual(outcome.value('status'), code(7));
      t.is(outcome.value('exit listener of the child'), 7);
      t.not(outcome.pids('exit listener of the child')[0], outcome.pid);
      t.deepEqual(outcome.pids('exit listener of the parent'), [outcome.pid]);
    },
  );

  it.add('messages that are sent right before the end come before the result', 'lastMessages', (t, outcome) => {
    t.is(outcome.value('result'), 'end');
    t.deepEqual(
      outcome.value('heard'),
      [0, 1, 2, 3, 4].map((index) => [1_000_000, index]),
    );
  });

  it.add('a process ends with its target, whatever that has left to do', 'workThatIsLeft', (t, outcome) => {
    t.is(outcome.value('result'), 'value');
    t.deepEqual(outcome.value('status'), code(0));
    t.deepEqual(outcome.values('work that was left'), []);
  });
}
