import test from 'ava';
import type { StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { refused, signal } from '../helpers/expected.js';
import { type ProgramOptions, scenariosOf } from '../helpers/scenarios.js';
import { isThere } from '../helpers/there.js';

const program = new URL('../fixtures/daemon.js', import.meta.url);

/** Who outlives whom. */
export function daemon(method: StartMethod, options: ProgramOptions = {}): void {
  const it = scenariosOf(program, method, options);

  for (const how of ['returned', 'called process.exit', 'threw', 'was killed', 'aborted']) {
    test(`${it.prefix}: a daemon ends with its parent, and others do not: the parent ${how}`, async (t) => {
      // The program's output is held until the last of its processes ends.
      const outcome = await it.run(t, 'parentEnds', { args: [how] });
      t.deepEqual(outcome.value('is daemon'), [true, false]);
      t.is(outcome.pids('daemon runs')[0], outcome.value<number>('daemon'));
      t.deepEqual(outcome.pids('other goes on'), [outcome.value('other')]);
      t.false(isThere(outcome.value('daemon')));
    });
  }

  for (const how of ['terminate', 'kill']) {
    it.add(
      `daemons of a child end with it, and its other children do not: ${how}`,
      'childEnds',
      (t, outcome) => {
        t.deepEqual(outcome.value('status'), signal(how === 'kill' ? 'SIGKILL' : 'SIGTERM'));
        t.deepEqual(outcome.pids('other goes on'), [outcome.value('other')]);
        t.false(isThere(outcome.value('daemon')));
      },
      { args: [how] },
    );
  }

  it.add('children of a daemon are daemons, and nothing else', 'inherited', (t, outcome) => {
    t.deepEqual(outcome.value('main'), [false, false, true]);
    const [own, inherited, result, refusal] = outcome.value<[boolean, boolean, boolean, Caught]>('daemon');
    t.deepEqual([own, inherited, result], [true, true, true]);
    t.like(refusal, refused('DAEMON'));
    t.regex(String(refusal.message), /Process-\d+ is a daemon/);
    t.false(outcome.value('overridden'));
  });
}
