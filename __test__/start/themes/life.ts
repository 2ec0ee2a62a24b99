import type { StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { code, refused, signal } from '../helpers/expected.js';
import { type ProgramOptions, scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/life.js', import.meta.url);

/** How a process lives, from before its start until after its end. */
export function life(method: StartMethod, options: ProgramOptions = {}): void {
  const it = scenariosOf(program, method, options);

  it.add(
    'a process has no id and no exit code before its start, an id while it runs, and both after its end',
    'cycle',
    (t, outcome) => {
      const nothing = { exitCode: null, signalCode: null };
      t.deepEqual(outcome.value('before'), { pid: null, isAlive: false, ...nothing, active: 0 });
      t.true(outcome.value('same'));
      t.deepEqual(outcome.value('running'), { pid: true, isAlive: true, ...nothing, active: 1 });
      t.true(outcome.value('active'));
      const [known, told] = outcome.value<number[]>('pid');
      t.is(told, known);
      t.is(outcome.value('result'), 'told');
      t.deepEqual(outcome.value('status'), code(0));
      t.deepEqual(outcome.value('ended'), { pid: true, isAlive: false, ...code(0), active: 0 });
      t.deepEqual(outcome.value('self'), [true, true]);
    },
  );

  it.add('join waits, with a timeout and an AbortSignal, any number of times', 'joins', (t, outcome) => {
    const ended = signal('SIGKILL');
    t.deepEqual(outcome.value('at once'), [null, null]);
    t.like(outcome.value('aborted'), { class: 'RangeError', message: 'enough' });
    t.like(outcome.value('aborted before'), { name: 'AbortError' });
    t.like(outcome.value('negative'), refused('INVALID_ARGUMENT'));
    t.true(outcome.value('alive'));
    t.deepEqual(outcome.value('many'), [ended, ended, ended, ended]);
    t.deepEqual(outcome.value('again'), [ended, ended]);
    t.like(outcome.value('unstarted'), refused('NOT_STARTED'));
    t.deepEqual(outcome.value('starting'), code(0));
  });

  it.add('terminate and kill end a process, also right after its start', 'ends', (t, outcome) => {
    for (const [what, name] of [
      ['terminate', 'SIGTERM'],
      ['kill', 'SIGKILL'],
    ] as const) {
      const { result, status, alive } = outcome.value<{ result: Caught; status: object; alive: boolean }>(what);
      t.like(result, { class: 'ProcessExitError', ...refused('PROCESS_EXIT'), name: 'job', ...signal(name) });
      t.regex(String(result.message), new RegExp(`process job was ended by ${name}`));
      t.deepEqual(status, signal(name));
      t.false(alive);
    }
    t.like(outcome.value('unknown'), refused('INVALID_ARGUMENT'));
    t.true(outcome.value('probed'));
    t.is(outcome.stderr, '');
  });

  it.add('misuse is refused with a code', 'misuse', (t, outcome) => {
    for (const what of ['no target', 'wrong target']) t.like(outcome.value(what), refused('INVALID_ARGUMENT'));
    const codes = (what: string) => outcome.values<Caught>(what).map(({ code }) => code);
    t.deepEqual(codes('before start'), Array(5).fill('ERR_ZYGOTE_NOT_STARTED'));
    t.deepEqual(codes('twice'), Array(3).fill('ERR_ZYGOTE_ALREADY_STARTED'));
    t.deepEqual(codes('ended'), Array(2).fill('ERR_ZYGOTE_ENDED'));
  });

  it.add('close is refused while a process runs, and may be called again after that', 'closes', (t, outcome) => {
    t.like(outcome.value('running'), refused('STILL_RUNNING'));
    t.is(outcome.value('result'), 'closed');
    t.deepEqual(outcome.value('closed'), [false, 0, 0]);
    t.like(outcome.value('start'), refused('ALREADY_STARTED'));
    t.like(outcome.value('unstarted'), refused('ALREADY_STARTED'));
    t.like(outcome.value('unstarted result'), refused('CLOSED'));
    t.like(outcome.value('starting'), refused('STILL_RUNNING'));
  });

  it.add('events tell of start, error and exit, in this order', 'events', (t, outcome) => {
    t.deepEqual(outcome.value('heard'), [
      ['fine', 'start', true],
      ['fine', 'exit', code(0)],
      ['fails', 'start', true],
      ['fails', 'error', 'it fails'],
      ['fails', 'exit', code(1)],
    ]);
    // A failure that nobody asks for is said; the end by a signal of ours is none.
    t.regex(outcome.stderr, /^unheard: RangeError: it fails\r?\n/);
    t.notRegex(outcome.stderr, /terminated/);
  });

  it.add(
    'asyncDispose terminates a process and waits for its end, also while it is being started',
    'dispose',
    (t, outcome) => {
      t.deepEqual(outcome.value('disposed'), [false, 0]);
      t.like(outcome.value('result'), { class: 'ProcessExitError', signalCode: 'SIGTERM' });
      t.deepEqual(outcome.value('starting'), [false, 0]);
    },
  );

  it.add('processes start processes, which start processes', 'recursion', (t, outcome) => {
    t.deepEqual(outcome.value('order'), [[], [0], [0, 0], [0, 1], [1], [1, 0], [1, 1]]);
  });

  it.add('many processes are started, joined and terminated at once', 'many', (t, outcome) => {
    for (const what of ['values', 'pids', 'fine', 'active', 'terminated']) t.true(outcome.value(what), what);
    t.is(outcome.value('left'), 0);
  });

  it.add('waitAny gives the processes that have ended, in the order given', 'waitAny', (t, outcome) => {
    t.deepEqual(outcome.value('none'), [[], [], []]);
    t.like(outcome.value('aborted'), { class: 'RangeError', message: 'enough' });
    t.like(outcome.value('negative'), refused('INVALID_ARGUMENT'));
    t.like(outcome.value('not started'), refused('NOT_STARTED'));
    t.deepEqual(outcome.value('first'), [0]);
    t.deepEqual(outcome.value('others'), []);
    t.deepEqual(outcome.value('ended'), [0, 2]);
    t.deepEqual(outcome.value('last'), [1]);
  });

  it.add('the parent can end before a process that is unreferenced', 'unref', (t, outcome) => {
    t.deepEqual(
      outcome.entries.map(({ what }) => what),
      ['parent exits', 'child goes on'],
    );
  });

  for (const scenario of ['ref', 'waitsForChildren']) {
    it.add(`the parent does not end before a process that is referenced (${scenario})`, scenario, (t, outcome) => {
      t.deepEqual(
        outcome.entries.map(({ what }) => what),
        ['child done', 'parent exits'],
      );
    });
  }
}
