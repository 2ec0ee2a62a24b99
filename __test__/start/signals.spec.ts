import { getAllStartMethods } from 'zygote';
import { code, signal } from './helpers/expected.js';
import { scenariosOf } from './helpers/scenarios.js';

const program = new URL('fixtures/signals.js', import.meta.url);

for (const method of getAllStartMethods()) {
  const it = scenariosOf(program, method);

  it.add('the signal that ended a process is told, whoever has sent it', 'statuses', (t, outcome) => {
    const outside = outcome.values<[NodeJS.Signals, object, string]>('from outside');
    t.is(outside.length, 8);
    for (const [name, status, inResult] of outside) {
      t.deepEqual(status, signal(name));
      t.is(inResult, name);
    }
    t.deepEqual(outcome.value('by number'), signal('SIGHUP'));
    const inside = outcome.values<[NodeJS.Signals | 'abort', string, object]>('from inside');
    t.is(inside.length, 4);
    for (const [name, inResult, status] of inside) {
      const expected = name === 'abort' ? 'SIGABRT' : name;
      t.is(inResult, expected);
      t.deepEqual(status, signal(expected));
    }
  });

  // Node itself, which waits for a spawned child, does not tell of such a signal.
  if (method !== 'spawn')
    it.add('a real-time signal, for which Node has no name, is told by its number', 'realTime', (t, outcome) => {
      t.deepEqual(outcome.value('status'), { exitCode: null, signalCode: 'SIG40' });
    });

  it.add('exit codes are those that the system has: modulo 256', 'codes', (t, outcome) => {
    const codes = outcome.values<[number, number, object]>('code');
    t.deepEqual(
      codes.map(([given, inResult]) => [given, inResult]),
      [
        [255, 255],
        [256, 0],
        [300, 44],
        [-1, 255],
      ],
    );
    for (const [, inResult, status] of codes) t.deepEqual(status, code(inResult));
  });

  it.add('a child can handle signals', 'handlers', (t, outcome) => {
    t.deepEqual(outcome.values('handled'), [
      ['SIGTERM', code(5)],
      ['SIGINT', code(5)],
      ['SIGHUP', code(5)],
    ]);
    t.deepEqual(outcome.value('ignored'), ['heard', code(0)]);
  });

  it.add('signal handlers of the parent do not run in a child', 'parentsHandlers', (t, outcome) => {
    t.deepEqual(outcome.value('status'), signal('SIGUSR2'));
    t.deepEqual(outcome.values('heard'), []);
  });

  it.add('a signal right after the start ends a child, also where the parent handles it', 'atOnce', (t, outcome) => {
    t.deepEqual(outcome.values('status'), [signal('SIGTERM'), signal('SIGINT')]);
    t.deepEqual(outcome.values('heard'), []);
  });

  it.add('a process that is stopped has not ended', 'stopped', (t, outcome) => {
    t.deepEqual(outcome.value('stopped'), [true, null]);
    t.is(outcome.value('result'), 'continued');
  });

  it.add('children of node:child_process can run beside it', 'others', (t, outcome) => {
    t.deepEqual(
      outcome.value('codes'),
      Array.from({ length: 16 }, (_, index) => index),
    );
  });
}
