import test from 'ava';
import { type ForkStrategy, getAllStartMethods } from 'zygote';
import type { Caught } from './helpers/fixture.js';
import { code, refused, signal } from './helpers/expected.js';
import { Scenarios } from './helpers/scenarios.js';
import { isThere } from './helpers/there.js';

const program = new URL('fixtures/forkserver.js', import.meta.url);

interface State {
  evaluatedIn: number;
  uses: number;
}

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  if (!getAllStartMethods().includes('forkserver')) break;
  const prefix = strategy === 'all-threads' ? 'forkserver' : 'forkserver, single-threaded';
  const it = new Scenarios(program, prefix, ['forkserver'], { strategy });

  it.add(
    'preloaded modules are evaluated once, and their state is where each child begins',
    'preload',
    (t, outcome) => {
      const server = outcome.value('server');
      t.is(outcome.value('before') ?? null, null);
      t.deepEqual(outcome.value('seen'), Array(3).fill({ evaluatedIn: server, uses: 1 }));
      // This process, which imports it itself, and the server.
      t.deepEqual(outcome.pids('evaluated'), [outcome.pid, server]);
      t.deepEqual(outcome.value('preloaded'), outcome.value('expected'));
      t.is(outcome.value<State>('own').evaluatedIn, outcome.pid);
      // Written once, and nothing of what the modules have begun goes on in children.
      t.is(outcome.stdout.replaceAll('still ', ''), 'preloaded exit listener of the server ');
      t.deepEqual(outcome.value('listeners'), [0, 0]);
    },
  );

  it.add('a failing preload rejects every start, and names the module', 'failing', (t, outcome) => {
    const failed = outcome.values<[string, ...Caught[]]>('failed');
    t.is(failed.length, 3);
    for (const [name, ...errors] of failed) {
      t.is(errors.length, 3);
      for (const error of errors) {
        t.like(error, { class: 'ZygoteError', ...refused('PRELOAD') });
        t.true(error.message?.includes(name), error.message);
      }
    }
    const [thrown, ...missing] = failed.map(([, error]) => error?.cause);
    t.like(thrown, { class: 'RangeError', message: 'not today' });
    t.regex(String(thrown?.stack), /fails\.js/);
    for (const cause of missing) t.regex(String(cause?.code), /NOT_FOUND/);
    t.is(outcome.value('active'), 0);
    t.is(outcome.value('next'), 'fine');
  });

  it.add('all starts go to one server', 'one', (t, outcome) => {
    t.is(outcome.value('none'), null);
    t.deepEqual(outcome.value('there'), ['number', true]);
    t.true(outcome.value('results'));
    t.is(outcome.value('pids'), 40);
    t.true(outcome.value('same'));
  });

  it.add(
    'stop ends the server and leaves its children alone, and the next start brings up a new one',
    'stop',
    (t, outcome) => {
      t.deepEqual(outcome.value('stopped'), [null, false, true]);
      t.deepEqual(outcome.value('next'), ['next', true, true]);
      // Whoever reaps the child, its result comes.
      t.deepEqual(outcome.value('child'), ['told', strategy === 'all-threads' ? code(0) : code(255)]);
      t.true([null, refused('FORKSERVER_LOST').code].includes(outcome.value('starting')));
      t.is(outcome.value('gone'), null);
    },
  );

  it.add('SIGINT does nothing to the server', 'interrupted', (t, outcome) => {
    t.deepEqual(outcome.value('next'), ['next', true]);
    t.deepEqual(outcome.value('child'), ['told', code(0)]);
  });

  it.add('after Ctrl-C the children have ended and the server goes on', 'controlC', (t, outcome) => {
    t.deepEqual(outcome.value('child'), signal('SIGINT'));
    t.deepEqual(outcome.value('next'), ['next', true]);
  });

  it.add('children go on when the server is killed, and the next start brings up a new one', 'killed', (t, outcome) => {
    t.deepEqual(outcome.value('alive'), [true, true, true]);
    t.deepEqual(outcome.value('next'), ['next', true, true]);
    const [told, exited, ended] = outcome.value<{ result: Caught; status: object }[]>('ends');
    const isReaped = strategy === 'all-threads';
    // A child of the server's own cannot be waited for without it: nobody knows how it ended.
    t.deepEqual(told, { result: { value: 'told' }, status: code(isReaped ? 0 : 255) });
    t.like(exited?.result, { class: 'ProcessExitError', exitCode: isReaped ? 7 : 255 });
    t.deepEqual(exited?.status, code(isReaped ? 7 : 255));
    t.deepEqual(ended?.status, isReaped ? signal('SIGTERM') : code(255));
    t.is(outcome.value('active'), 0);
    t.is(outcome.value('state'), '');
  });

  it.add('a server that is killed while it preloads rejects what waits for it', 'killedWhileStarting', (t, outcome) => {
    const lost = outcome.value<Caught[]>('lost');
    t.is(lost.length, 3);
    for (const error of lost) t.like(error, refused('FORKSERVER_LOST'));
    t.regex(String(lost[0]?.message), /SIGKILL/);
    t.is(outcome.value('next'), 'next');
  });

  it.add('a clone that is killed before it takes what it was given is replaced', 'cloneKilled', (t, outcome) => {
    t.deepEqual(outcome.value('next'), ['next', true]);
  });

  it.add('a clone that is killed as soon as it is there is reaped', 'cloneKilledEarly', (t, outcome) => {
    t.deepEqual(
      outcome.values('result'),
      [0, 1, 2, 3, 4].map((turn) => [turn, turn]),
    );
  });

  it.add('a child gets no descriptor of a start that is still under way', 'underWay', (t, outcome) => {
    const [alone, beside] = outcome.value<number[]>('counts');
    t.is(beside, alone);
    t.is(outcome.value('stopped'), 'stopped');
  });

  it.add('a helper of the server that is killed is not missed', 'helpersKilled', (t, outcome) => {
    t.deepEqual(
      outcome.values('result'),
      [0, 1, 2, 3, 4].map((turn) => [turn, turn]),
    );
  });

  for (const how of ['returned', 'called process.exit', 'was killed']) {
    test(`${prefix}: the server ends with its owner, and the children do not: the owner ${how}`, async (t) => {
      // The program's output is held until the last of its processes ends.
      const outcome = await it.run(t, 'ownerEnds', { args: [how] });
      t.false(isThere(outcome.value('server')));
      t.deepEqual(outcome.pids('child goes on'), outcome.pids('child runs'));
    });
  }

  it.add('the server does not keep its owner', 'idle', (t, outcome) => {
    t.false(isThere(outcome.value('server')));
  });

  it.add('a child has a server of its own, which ends with it', 'below', (t, outcome) => {
    const { pid, ...inside } = outcome.value<Record<string, unknown>>('inside');
    t.deepEqual(inside, { before: null, method: 'forkserver', result: 'of the grandchild' });
    t.not(pid, outcome.value('own'));
    t.is(outcome.value('still'), 'still');
  });

  it.add('a clone of the owner has a server of its own', 'ofClone', (t, outcome) => {
    const { pid, ...inside } = outcome.value<Record<string, unknown>>('inside');
    t.deepEqual(inside, { before: null, method: 'fork', result: 'of the grandchild' });
    const [before, after, isThere] = outcome.value<unknown[]>('own');
    t.is(after, before);
    t.not(pid, after);
    t.true(isThere);
    t.is(outcome.value('still'), 'still');
  });

  it.add('a process that is disposed of while it is being started is gone', 'closedWhileStarting', (t, outcome) => {
    t.is(outcome.value('active'), 0);
  });

  if (strategy === 'single-threaded') continue;

  it.add(
    'modules to preload are named as those of import are, from the working directory',
    'specifiers',
    (t, outcome) => {
      t.deepEqual(outcome.value('preloaded'), outcome.value('expected'));
      t.true(outcome.value('running'));
    },
    { cwd: new URL('fixtures/preload', import.meta.url).pathname },
  );

  for (const onError of ['warn', 'ignore']) {
    it.add(
      `a failing preload can be passed over: ${onError}`,
      'passedOver',
      (t, outcome) => {
        t.true(outcome.value('preloaded'));
        t.is(outcome.value('next'), 'fine');
        if (onError === 'ignore') t.is(outcome.stderr, '');
        else
          t.regex(
            outcome.stderr,
            /cannot preload .*fails\.js: RangeError: not today[^]*cannot preload \.\/nowhere\.js/,
          );
      },
      { args: [onError] },
    );
  }

  it.add('a preload that ends the server rejects the start, with its last words', 'ending', (t, outcome) => {
    for (const what of ['ended', 'started']) {
      const error = outcome.value<Caught>(what);
      t.like(error, refused('FORKSERVER_LOST'), what);
      t.regex(String(error.message), /exited with code 7[^]*last words of the preload/);
    }
    t.is(outcome.value('pid'), null);
    t.regex(outcome.stderr, /last words of the preload/);
  });

  it.add('a preload that starts processes is refused', 'unguarded', (t, outcome) => {
    t.like(outcome.value('refused'), { ...refused('PRELOAD') });
    t.like(outcome.value<Caught>('refused').cause, refused('BOOTSTRAPPING'));
    t.is(outcome.pids('imported').length, 1);
  });

  it.add('modules are named before the server is started, or after it has been stopped', 'afterStart', (t, outcome) => {
    t.like(outcome.value('refused'), refused('FORKSERVER_RUNNING'));
    t.deepEqual(outcome.value('stopped'), {});
    t.true(outcome.value('preloaded'));
  });

  it.add('preload takes an array of strings', 'wrong', (t, outcome) => {
    const wrong = outcome.value<Caught[]>('wrong');
    t.is(wrong.length, 5);
    for (const error of wrong) t.like(error, refused('INVALID_ARGUMENT'));
    t.deepEqual(outcome.value('right'), [{}, {}, {}]);
    t.is(outcome.value('pid'), null);
  });

  it.add('no server is started for what cannot be transferred', 'lazy', (t, outcome) => {
    t.like(outcome.value('refused'), { class: 'TransferError' });
    t.is(outcome.value('pid'), null);
  });

  it.add('output goes where that of the parent goes now', 'replacedOutput', (t, outcome) => {
    t.deepEqual(outcome.value('output'), ['', 'err', 'out']);
  });

  it.add(
    "the arguments for Node are the parent's",
    'flags',
    (t, outcome) => {
      t.deepEqual(outcome.value('flags'), [7, true]);
    },
    { nodeArgs: ['--stack-trace-limit=7'] },
  );
}
