import { spawnSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import type { ForkStrategy } from 'zygote';
import { isRunning, until } from '../helpers/report.js';
import { describeOutcome, type Outcome, type ProgramOptions, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/life.js', import.meta.url);

const code = (exitCode: number) => ({ exitCode, signalCode: null });
const signal = (signalCode: string) => ({ exitCode: null, signalCode });
const refused = (name: string) => ({ code: `ERR_ZYGOTE_${name}` });

type Caught = Record<string, unknown>;

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  const run = async (t: ExecutionContext, scenario: string, options: ProgramOptions = {}): Promise<Outcome> => {
    const outcome = await runProgram(program, { strategy, ...options, args: [scenario, ...(options.args ?? [])] });
    t.teardown(() => {
      if (!t.passed) t.log(describeOutcome(outcome));
    });
    return outcome;
  };
  const add = (title: string, scenario: string, check: (t: ExecutionContext, outcome: Outcome) => void): void =>
    void test(`${strategy}: ${title}`, async (t) => {
      const outcome = await run(t, scenario);
      t.is(outcome.code, 0);
      check(t, outcome);
    });

  add('a child that ends without a result rejects it with how it ended', 'exits', (t, outcome) => {
    const ends = (what: string, status: object) => {
      const { result, status: joined } = outcome.value<Record<string, Caught>>(what);
      t.like(result, { class: 'ProcessExitError', name: 'job', ...status });
      t.deepEqual(joined, status);
    };
    ends('process.exit(3)', code(3));
    ends('process.exit()', code(0));
    ends('killed', signal('SIGKILL'));
    ends('aborted', signal('SIGABRT'));
    ends('unhandled rejection', code(1));
    t.regex(outcome.stderr, /RangeError: nobody handles it\n\s+at /);
    t.like(outcome.value('process.exitCode'), { result: {}, status: code(4) });
    const settles = outcome.value<Record<string, Caught>>('never settles');
    t.deepEqual(settles['status'], code(13));
    t.regex(String(settles['result']?.['message']), /the target of job never settled/);
  });

  add('join waits, with a timeout and an AbortSignal, any number of times', 'joins', (t, outcome) => {
    const ended = signal('SIGTERM');
    t.is(outcome.value('timeout'), 'undefined');
    t.like(outcome.value('aborted'), { name: 'RangeError', message: 'enough' });
    t.like(outcome.value('aborted before'), { name: 'AbortError' });
    t.like(outcome.value('misuse'), refused('INVALID_ARGUMENT'));
    t.true(outcome.value('alive'));
    t.deepEqual(outcome.value('many'), [ended, ended, ended]);
    t.deepEqual(outcome.value('again'), ended);
    t.deepEqual(outcome.value('after'), [false, null, 'SIGTERM']);
    t.like(outcome.value('unstarted'), refused('NOT_STARTED'));
    t.deepEqual(outcome.value('starting'), code(0));
  });

  add('terminate and kill send signals', 'signals', (t, outcome) => {
    for (const [what, name] of Object.entries({
      terminate: 'SIGTERM',
      kill: 'SIGKILL',
      SIGHUP: 'SIGHUP',
      number: 'SIGINT',
    })) {
      const { result, status } = outcome.value<Record<string, Caught>>(what);
      t.deepEqual(status, signal(name));
      t.like(result, { class: 'ProcessExitError', ...signal(name) });
    }
    t.deepEqual(outcome.values('alive'), [true, true, true, true]);
    t.like(outcome.value('unknown'), refused('INVALID_ARGUMENT'));
    t.like(outcome.value('before close'), refused('STILL_RUNNING'));
    t.like(outcome.value<unknown[]>('closed'), [refused('ENDED'), false, 'SIGKILL']);
    t.is(outcome.stderr, '');
  });

  add('misuse is refused with a code', 'misuse', (t, outcome) => {
    t.like(outcome.value('no target'), refused('INVALID_ARGUMENT'));
    t.deepEqual(outcome.value('state'), [null, false, null, null, false]);
    const codes = outcome.values<Caught>('before start').map((caught) => caught['code']);
    t.deepEqual(codes, Array(5).fill('ERR_ZYGOTE_NOT_STARTED'));
    t.like(outcome.value('twice'), refused('ALREADY_STARTED'));
    t.like(outcome.value('third'), refused('ALREADY_STARTED'));
    t.like(outcome.value('ended'), refused('ENDED'));
    t.like(outcome.value('closed'), refused('ALREADY_STARTED'));
    t.like(outcome.value('closed result'), refused('CLOSED'));
  });

  add('processes are named, and those of a child below it', 'names', (t, outcome) => {
    t.deepEqual(outcome.value('names'), ['Process-1', 'second', 'Process-2']);
    t.deepEqual(outcome.value('children'), ['Process-1:1', 'second:1']);
  });

  add('events tell of start, error and exit, in this order', 'events', (t, outcome) => {
    t.deepEqual(outcome.value('heard'), [
      ['fine', 'start', 'number'],
      ['fine', 'exit', code(0)],
      ['throws', 'start', 'number'],
      ['throws', 'error', 'thrown'],
      ['throws', 'exit', code(1)],
    ]);
    // A failure that nobody asks for is said; the end by a signal of ours is none.
    t.regex(outcome.stderr, /^unheard: Error: thrown\n/);
    t.notRegex(outcome.stderr, /terminated/);
  });

  add('asyncDispose terminates and waits', 'dispose', (t, outcome) => {
    t.deepEqual(outcome.value('disposed'), [false, 0, 'SIGTERM']);
    t.like(outcome.value('result'), { class: 'ProcessExitError', signalCode: 'SIGTERM' });
    t.is(outcome.values('big').length, 1);
    t.is(outcome.value('open'), 0);
  });

  add('close before the result was read rejects it', 'closeBeforeResult', (t, outcome) => {
    t.like(outcome.value('result'), refused('CLOSED'));
    t.is(outcome.value('active'), 0);
  });

  add('the parent can end before a child that is unreferenced', 'unref', (t, outcome) => {
    t.deepEqual(
      outcome.entries.map(({ what }) => what),
      ['parent exits', 'child goes on'],
    );
  });

  add('the parent does not end before a child that is referenced', 'ref', (t, outcome) => {
    t.deepEqual(
      outcome.entries.map(({ what }) => what),
      ['child done', 'parent exits'],
    );
  });

  for (const how of ['killed', 'crashed', 'exited', 'threw', 'ended']) {
    test(`${strategy}: a daemon ends with its parent, and others do not: the parent has ${how}`, async (t) => {
      const outcome = await run(t, 'daemon', {
        args: [how],
        during: async ({ program: { stdin }, exited, entries }) => {
          stdin?.end();
          await exited();
          const find = (what: string) => Number(entries().find((entry) => entry.what === what)?.value);
          await until(() => !isRunning(find('daemon')));
          t.true(isRunning(find('other')));
          process.kill(find('other'), 'SIGUSR2');
        },
      });
      t.deepEqual(outcome.value('is daemon'), [true, false]);
      t.deepEqual(outcome.pids('other goes on'), [outcome.value('other')]);
    });
  }

  add('a daemon of a child ends with that child', 'grandchildren', (t, outcome) => {
    t.false(isRunning(outcome.value('grandchild')));
  });

  test(`${strategy}: stdin is empty in a child, and what comes in is the parent's`, async (t) => {
    const outcome = await run(t, 'stdin', {
      during: async ({ program: { stdin }, reported }) => {
        stdin?.on('error', () => {});
        stdin?.write('first\n');
        await reported('child ready');
        stdin?.write('second\n');
        await reported('result');
        stdin?.write('third\n');
      },
    });
    t.is(outcome.value('parent has read'), 'first\nsecond\n');
    t.deepEqual(outcome.value('result'), ['', '', 0, true]);
    t.is(outcome.value('lines'), 'first\nsecond\nthird\n');
  });

  test(`${strategy}: a child takes nothing of a stdin that its parent has not touched`, async (t) => {
    const outcome = await run(t, 'stdinUnread', {
      during: async ({ program: { stdin } }) => stdin?.end('all of it'),
    });
    t.is(outcome.value('child'), '');
    t.is(outcome.value('parent'), 'all of it');
  });

  add('all output of a child arrives, also much of it right before its end', 'output', (t, outcome) => {
    t.is(outcome.stdout.length, 2_000_001);
    t.is(outcome.stderr.length, 1_000_001);
    t.is(outcome.value('result'), 'said');
    t.like(outcome.value('error'), { message: 'after writing' });
  });

  add('output that the parent has not yet written is written once', 'outputOfParent', (t, outcome) => {
    t.is(outcome.stdout, `${'p'.repeat(1_000_000)}\nchild\n`);
  });

  add('a child has the environment and the folder that it was given', 'environment', (t, outcome) => {
    t.deepEqual(outcome.value('child'), outcome.value('expected'));
    t.deepEqual(outcome.value('parent'), ['old', 'none', true]);
    t.like(outcome.value('bad folder'), { code: 'ENOENT' });
  });

  add('messages go both ways, in order, of any size', 'messages', (t, outcome) => {
    t.is(outcome.value('received'), 205);
    t.is(outcome.value('in order'), 204);
    t.like(outcome.value('refused'), { code: 'ERR_ZYGOTE_TRANSFER' });
    t.like(outcome.value('ended'), refused('ENDED'));
  });

  add('messages that a child sends right before its end arrive before the result', 'lastMessages', (t, outcome) => {
    t.is(outcome.value('result'), 'end');
    t.deepEqual(outcome.value('lengths'), [1e6, 2e6, 3e6, 4e6, 5e6]);
  });

  add('a listener that throws loses no message', 'throwingListener', (t, outcome) => {
    t.deepEqual(outcome.value('heard'), [1, 2, 3, 'a listener']);
    t.is(outcome.value('result'), 'end');
  });

  add('a child knows its parent, and that it is not the main process', 'parent', (t, outcome) => {
    t.deepEqual(outcome.value('main'), [true, null]);
    const [isMain, parent, child, inside] = outcome.value<unknown[]>('child');
    t.deepEqual([isMain, parent], [false, outcome.pid]);
    t.deepEqual(inside, [child, false, child]);
    t.true(outcome.value('still'));
  });

  test(`${strategy}: a child lives on when its parent was killed`, async (t) => {
    const outcome = await run(t, 'parentIsGone');
    t.is(outcome.signal, 'SIGKILL');
    t.is(outcome.values('sent').length, 1);
    t.is(outcome.stderr, '');
  });

  add(
    'activeChildren lists the children that run, and none of the parent is a child of the child',
    'active',
    (t, outcome) => {
      t.deepEqual(outcome.value('active'), [0, 1]);
      t.like(outcome.value<unknown[]>('in child'), [0, false, refused('NOT_A_CHILD'), refused('NOT_A_CHILD')]);
      t.is(outcome.value('ended'), 0);
    },
  );

  add('360 children leave no descriptor, zombie, thread or mapping behind', 'leaks', (t, outcome) => {
    const before = outcome.value<Record<string, number>>('before');
    const after = outcome.value<Record<string, number>>('after');
    for (const what of ['descriptors', 'threads', 'active']) t.is(after[what], before[what], what);
    t.is(after['children'], 0);
    t.true((after['mappings'] ?? 0) < (before['mappings'] ?? 0) + 60);
  });

  add('the event loop of the parent goes on while a child runs', 'responsive', (t, outcome) => {
    t.is(outcome.value('result'), 'done');
  });

  test(`${strategy}: a start that the system refuses rejects, and leaves nothing behind`, async (t) => {
    const outcome = await run(t, 'failing', {
      // The limit of processes does not hold for root.
      ...(process.getuid?.() === 0 && { wrapper: ['setpriv', '--reuid=65534', '--clear-groups'] }),
    });
    t.is(outcome.values('refused').length, 2);
    for (const caught of [...outcome.values<Caught>('refused'), ...outcome.values<Caught>('result')]) {
      t.like(caught, refused('FORK_FAILED'));
      t.regex(String(caught['message']), /EAGAIN|os error 11/);
    }
    const [before, after] = outcome.value<Record<string, number>[]>('possessions');
    for (const what of ['children', 'active', 'descriptors', 'threads']) t.is(after?.[what], before?.[what], what);
    t.deepEqual(outcome.value('hooks'), [-1, -1]);
  });

  add('prepareHeap settles the heap, then calls back, in the parent', 'prepareHeap', (t, outcome) => {
    const [collected, order] = outcome.value<[boolean, string[]]>('child');
    t.true(collected);
    t.deepEqual(order.slice(-2), [`prepared in ${outcome.value('pid')}`, 'true']);
    t.is(outcome.value('true'), 'fine');
    t.like(outcome.value('refused'), { name: 'RangeError', message: 'not ready' });
    t.like(outcome.value('refused result'), { name: 'RangeError' });
    t.is(outcome.value('again'), 'fine');
  });

  add('memory tells what a child shares, and what it has of its own', 'memory', (t, outcome) => {
    const before = outcome.value<Record<string, number>>('before');
    const after = outcome.value<Record<string, number>>('after');
    const MB = 1_000_000;
    const at = (memory: Record<string, number>, what: string) => memory[what] ?? Number.NaN;
    t.true(at(before, 'rss') > 100 * MB);
    t.true(at(before, 'sharedDirty') > 90 * MB);
    t.true(at(before, 'privateDirty') < 50 * MB);
    t.true(at(before, 'pss') < at(before, 'rss'));
    t.true(at(before, 'uss') <= at(before, 'pss'));
    t.is(at(after, 'uss'), at(after, 'privateClean') + at(after, 'privateDirty'));
    t.true(Math.abs(at(after, 'privateDirty') - at(before, 'privateDirty') - 50 * MB) < 10 * MB);
    t.true(at(after, 'minorFaults') > at(before, 'minorFaults'));
  });

  add('a clone that the target makes of itself does not give its result', 'rawForkInside', (t, outcome) => {
    t.is(outcome.value('result'), 'of the child');
    t.deepEqual(outcome.value('status'), code(0));
  });

  add('a clone of the parent takes nothing of its Processes', 'rawForkBeside', (t, outcome) => {
    t.is(outcome.value('result'), 'for the parent');
    t.is(outcome.value('started'), 'started once');
    t.like(outcome.value('start in clone'), refused('NOT_A_CHILD'));
    t.like(outcome.value<unknown[]>('clone waits'), [0, refused('NOT_A_CHILD')]);
    t.deepEqual(outcome.value('clone'), code(0));
  });

  add('the end of a child is seen though a clone of it lives on', 'outlivingClone', (t, outcome) => {
    t.like(outcome.value('result'), { class: 'ProcessExitError', exitCode: 5 });
    t.deepEqual(outcome.value('status'), code(5));
  });

  add('a start waits until nothing is in flight in the thread pool, or says what is', 'requests', (t, outcome) => {
    t.like(outcome.value('refused'), refused('REQUESTS_IN_FLIGHT'));
    t.regex(String(outcome.value<Caught>('refused')['message']), /FSReqCallback × 1/);
    t.is(outcome.value('result'), 'after the drain');
    t.is(outcome.value('opened'), 'opened');
  });

  add('a start is refused while the inspector is open', 'inspector', (t, outcome) => {
    t.like(outcome.value('open'), refused('INSPECTOR_OPEN'));
    t.is(outcome.value('closed'), 'fine');
  });

  add('a start is refused in a Worker', 'inWorker', (t, outcome) => {
    t.is(outcome.value('code'), 'ERR_ZYGOTE_NOT_MAIN_THREAD');
  });

  add('a child ends also where process.exit has been replaced', 'replacedExit', (t, outcome) => {
    t.is(outcome.value('result'), 'value');
    t.like(outcome.value('error'), { name: 'RangeError' });
  });

  add('an AsyncLocalStorage has its store in the target', 'storage', (t, outcome) =>
    t.is(outcome.value('store'), 'store'),
  );

  add('a child does not use the IPC channel of its parent', 'ipcParent', (t, outcome) => {
    t.deepEqual(outcome.value('in child'), ['undefined', null, null]);
    t.is(outcome.pids('message').length, 1);
    t.not(outcome.pids('message')[0], outcome.pids('in child')[0]);
    t.deepEqual(outcome.values('from node'), ['ready', 'done']);
    t.is(outcome.value('exit'), 0);
  });

  add('the Date header of an HTTP server in a child moves on', 'date', (t, outcome) => {
    t.is(outcome.value('date'), 'moves on');
  });

  if (strategy === 'all-threads') {
    add("a child ends the copies of its parent's Workers, or keeps them when asked to", 'workers', (t, outcome) => {
      t.is(outcome.value('kept'), 'in child');
      const [kept, ended] = outcome.value<[number, number]>('threads');
      t.is(ended, kept - 1);
      t.is(outcome.value('ended'), -1);
      t.is(outcome.value('parent'), 'still');
    });
  }

  test(`${strategy}: stdin is empty in a child of a process on a terminal, and the terminal goes on in the parent`, async (t) => {
    if (spawnSync('script', ['--version']).status !== 0) return t.pass('there is no program "script"');
    const outcome = await run(t, 'tty', {
      // Joins the words that follow to a command.
      wrapper: ['sh', '-c', 'exec script --quiet --return --command "$*" /dev/null', 'sh'],
      during: async ({ program: { stdin }, reported }) => {
        await reported('ready');
        stdin?.write('typed\n');
      },
    });
    t.true(outcome.value('terminal'));
    t.deepEqual(outcome.value('result'), ['', false, true]);
  });
}
