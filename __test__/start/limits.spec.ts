import { spawnSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { getAllStartMethods } from 'zygote';
import type { Caught } from './helpers/fixture.js';
import { scenariosOf } from './helpers/scenarios.js';

const program = new URL('fixtures/limits.js', import.meta.url);

type Attempt = Caught | 'value';

const TOO_MANY_FILES = /EMFILE|os error 24|Too many open files/i;

function isRefusal(t: ExecutionContext, attempt: Attempt | undefined, reason: RegExp): void {
  if (attempt === 'value') return;
  t.regex(String(attempt?.code), /^ERR_ZYGOTE_/);
  t.regex(`${attempt?.message} ${attempt?.cause?.message}`, reason);
}

const hasLimits = spawnSync('prlimit', ['--version']).status === 0;

for (const method of hasLimits ? getAllStartMethods() : []) {
  const it = scenariosOf(program, method);

  it.add(
    'a start for which there are no descriptors rejects, and leaves nothing behind',
    'descriptors',
    (t, outcome) => {
      const attempts = outcome.values<Attempt>('attempt');
      t.is(attempts.length, 10);
      for (const attempt of attempts) isRefusal(t, attempt, TOO_MANY_FILES);
      t.not(attempts[0], 'value');
      t.is(attempts.at(-1), 'value');
      t.is(outcome.value('next'), 'value');
      const [descriptors, active] = outcome.value<number[]>('left');
      // Node's own spawn leaves some open where there were too few.
      // And the clone that a forkserver has made ahead has one here: it may have come since they were counted, or gone.
      if (method === 'fork') t.is(descriptors, 0);
      if (method === 'forkserver') t.true(Math.abs(descriptors ?? NaN) <= 1, String(descriptors));
      t.is(active, 0);
    },
  );

  // The limit of processes does not hold for root.
  const wrapper = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups'] : [];

  it.add(
    'a start for which there is no process rejects, and leaves nothing behind',
    'processes',
    (t, outcome) => {
      const attempts = outcome.values<Attempt>('attempt');
      t.is(attempts.length, 3);
      for (const attempt of attempts) isRefusal(t, attempt, /EAGAIN|os error 11/);
      t.not(attempts.at(-1), 'value');
      t.is(outcome.value('active'), 0);
      t.is(outcome.value('next'), 'value');
      t.is(outcome.value('left'), 0);
    },
    { wrapper },
  );

  if (method === 'forkserver') {
    it.add('a start for which the server has no descriptors rejects', 'serversDescriptors', (t, outcome) => {
      const attempts = outcome.values<Attempt>('attempt');
      t.is(attempts.length, 15);
      for (const attempt of attempts) isRefusal(t, attempt, TOO_MANY_FILES);
      const refused = outcome.values<Caught>('refused').map(({ message }) => message);
      t.is(refused.length, 5);
      for (const message of refused) t.regex(message ?? '', /could not take the descriptors .* too many open files/);
      t.deepEqual(outcome.values('next'), Array(5).fill('value'));
    });
  }
}

if (!hasLimits) test('there is no program "prlimit"', (t) => t.pass());
