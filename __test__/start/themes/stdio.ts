import type { StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { code, refused } from '../helpers/expected.js';
import { scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/stdio.js', import.meta.url);

const lines = (text: string) => text.split(/\r?\n/).filter(Boolean);

/** Where standard streams lead. */
export function stdio(method: StartMethod): void {
  const it = scenariosOf(program, method);

  it.add('output goes where that of the parent goes, and the input is empty', 'inherited', (t, outcome) => {
    t.deepEqual(outcome.value('streams'), [null, null, null]);
    t.deepEqual(outcome.value('input'), ['', '']);
    t.deepEqual(lines(outcome.stdout), ['out: spoken', 'out: in words']);
    t.deepEqual(lines(outcome.stderr), ['err: spoken', 'err: in words']);
  });

  it.add('standard streams can be pipes', 'pipes', (t, outcome) => {
    const piped = ['text text ', true, '1000000', code(0)];
    t.deepEqual(outcome.values('pipes'), [piped, piped]);
    t.deepEqual(outcome.value('only input'), [null, null, 'through th']);
    t.is(outcome.stdout, 'THROUGH THE ONLY PIPE\n');
    t.is(outcome.stderr, '22');
    const [stdin, ...outputs] = outcome.value<[unknown, string, string]>('only outputs');
    t.is(stdin, null);
    t.deepEqual(outputs.map(lines), [['out: piped'], ['err: piped']]);
    t.deepEqual(outcome.value('unread'), ['unread', code(0)]);
    t.deepEqual(outcome.value('ended'), ['', '']);
  });

  it.add('standard streams can be ignored', 'ignored', (t, outcome) => {
    t.deepEqual(outcome.value('streams'), [null, null, null, 'unheard']);
    t.deepEqual(outcome.value('input'), ['', '']);
    t.is(outcome.stdout, '');
    t.deepEqual(lines(outcome.stderr), ['err: half']);
  });

  it.add('standard streams can be descriptors and streams that have one', 'files', (t, outcome) => {
    t.deepEqual(outcome.value('file'), ['', 'err: to a file', 'out: to a file']);
    t.is(outcome.value<string>('input').length, 10);
    t.deepEqual(lines(outcome.stderr), ['out: to streams']);
    t.deepEqual(lines(outcome.value('stream')), ['err: to streams']);
  });

  it.add(
    'standard input can be inherited',
    'input',
    (t, outcome) => {
      t.is(outcome.value('result'), 'for the ch');
    },
    {
      during: async ({ program: { stdin }, reported }) => {
        stdin?.write('for the ');
        await reported('ready');
        stdin?.end('child');
      },
    },
  );

  it.add(
    'a child takes nothing of an input that it does not inherit',
    'untouched',
    (t, outcome) => {
      t.deepEqual(outcome.value('child'), ['', '']);
      t.is(outcome.value('parent'), 'all of it');
    },
    {
      during: async ({ program: { stdin } }) => {
        stdin?.end('all of it');
        return Promise.resolve();
      },
    },
  );

  it.add('standard streams that are none are refused', 'refused', (t, outcome) => {
    const refusals = outcome.values<Caught>('refused');
    t.is(refusals.length, 5);
    for (const { code } of refusals.slice(0, 3)) t.is(code, refused('INVALID_ARGUMENT').code);
    for (const { code } of refusals.slice(3)) t.is(code, refused('NOT_INHERITABLE').code);
    t.is(outcome.value('active'), 0);
  });

  it.add('all output arrives, also much of it right before the end', 'much', (t, outcome) => {
    t.is(outcome.stdout.replaceAll('\r', '').length, 2_000_001);
    t.is(outcome.stderr.replaceAll('\r', '').length, 1_000_001);
    t.is(outcome.value('result'), 'said');
    t.like(outcome.value('error'), { message: 'after writing' });
  });

  it.add('output that the parent has not yet written is written once', 'once', (t, outcome) => {
    // A child that is spawned may write in the midst of it: both processes write to one pipe.
    const parts = outcome.stdout.split('out: after it\n');
    t.is(parts.length, 2);
    t.is(parts.join(''), `${'p'.repeat(1_000_000)}\n`);
  });

  it.add('the output of a grandchild goes where that of the child goes', 'below', (t, outcome) => {
    t.deepEqual(outcome.value<string[]>('outputs').map(lines), [['out: below'], ['err: below']]);
    t.is(outcome.stdout + outcome.stderr, '');
  });

  it.add('what a child has written to a pipe can be read after its end', 'exit', (t, outcome) => {
    t.deepEqual(outcome.value<string[]>('late').map(lines), [['out: late'], ['err: late']]);
  });
}
