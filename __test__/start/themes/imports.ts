import type { ExitStatus, StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { code, refused, signal } from '../helpers/expected.js';
import { type Outcome, scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/imports.js', import.meta.url);

interface Ended {
  started?: Caught;
  result?: Caught;
  status?: ExitStatus;
  active: number;
}

/** Processes that end while they import what they are to run. With fork nothing is imported. */
export function imports(method: StartMethod): void {
  const it = scenariosOf(program, method);
  const ended = (outcome: Outcome, what: string) => outcome.value<Ended>(what);
  /** Whichever of the two rejects. */
  const error = (outcome: Outcome, what: string): Caught =>
    ended(outcome, what).started ?? ended(outcome, what).result ?? {};

  it.add('whatever goes wrong at the import rejects the result, with what went wrong', 'each', (t, outcome) => {
    t.deepEqual(ended(outcome, 'same'), { result: { value: 0 }, status: code(0), active: 0 });
    for (const { value } of outcome.entries) t.is((value as Ended).active, 0);
    // Errors come as they were thrown, or in the cause of what says where.
    const text = (what: string) => {
      const { message, cause } = error(outcome, what);
      return `${message}\n${cause?.message}`;
    };
    t.regex(text('throws'), /at import/);
    t.regex(text('rejects'), /at import, later/);
    t.regex(text('has a syntax error'), /Unexpected/);
    t.regex(text('is gone'), /module-\d+\.mjs/);
    t.regex(text('imports what is not there'), /nowhere\.mjs/);
    for (const what of ['has no such export', 'exports something else']) t.regex(text(what), /target/);
    for (const what of ['throws', 'rejects', 'has a syntax error', 'is gone', 'has no such export']) {
      t.deepEqual(ended(outcome, what).status, code(1), what);
    }
    t.regex(
      `${error(outcome, 'starts processes').code} ${error(outcome, 'starts processes').cause?.code}`,
      /BOOTSTRAPPING/,
    );
    const exits = (what: string, status: ExitStatus) => {
      t.like(
        error(outcome, what),
        { class: 'ProcessExitError', ...refused('PROCESS_EXIT'), name: 'importer', ...status },
        what,
      );
      t.deepEqual(ended(outcome, what).status, status, what);
    };
    exits('exits', code(3));
    exits('exits with 0', code(0));
    exits('fails in a callback', code(1));
    exits('is talkative', code(4));
    if (process.platform !== 'win32') {
      exits('aborts', signal('SIGABRT'));
      exits('is killed', signal('SIGKILL'));
    }
    // It waits for ever, maybe for what the process is to do: what it exports is there.
    t.deepEqual(ended(outcome, 'never comes to its end'), { result: { value: 0 }, status: code(0), active: 0 });
    // All that was said goes to where it belongs.
    t.regex(outcome.stderr, /last words/);
    t.regex(outcome.stderr, /RangeError: in a callback/);
    t.is(outcome.stderr.match(/^line \d+\r?$/gm)?.length, 100);
  });

  if (method === 'spawn') {
    it.add(
      'a process that ends at the import rejects with the last lines of its standard error',
      'each',
      (t, outcome) => {
        const { message, lastOutput } = error(outcome, 'exits');
        t.is(lastOutput, 'last words');
        t.regex(String(message), /exited with code 3[^]*last words/);
        const lines = error(outcome, 'is talkative').lastOutput?.split(/\r?\n/) ?? [];
        t.is(lines.at(-1), 'line 100');
        t.true(lines.length > 5 && lines.length < 50);
        t.regex(String(error(outcome, 'fails in a callback').lastOutput), /RangeError: in a callback\r?\n\s+at /);
        t.is(error(outcome, 'exits with 0').lastOutput, undefined);
      },
    );
  }

  it.add('arguments of 64 MB arrive, and hold nothing up where nobody takes them', 'large', (t, outcome) => {
    t.deepEqual(ended(outcome, 'same'), { result: { value: 2 }, status: code(0), active: 0 });
    t.like(error(outcome, 'exits'), { class: 'ProcessExitError', ...code(3) });
    t.regex(`${error(outcome, 'throws').message} ${error(outcome, 'throws').cause?.message}`, /at import/);
    for (const what of ['has a syntax error', 'is gone']) t.truthy(error(outcome, what).message);
    if (process.platform !== 'win32')
      t.like(error(outcome, 'is killed'), { class: 'ProcessExitError', ...signal('SIGKILL') });
    for (const { value } of outcome.entries) t.is((value as Ended).active, 0);
  });
}
