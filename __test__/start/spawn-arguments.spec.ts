import { code } from './helpers/expected.js';
import type { Caught } from './helpers/fixture.js';
import { scenariosOf } from './helpers/scenarios.js';

const it = scenariosOf(new URL('fixtures/arguments.js', import.meta.url), 'spawn');

it.add(
  "the arguments for Node are the parent's, unless others are given",
  'arguments',
  (t, outcome) => {
    const inherited = ['--stack-trace-limit=7', '--no-deprecation'];
    t.like(outcome.value('own'), { 1: 7 });
    t.deepEqual(outcome.value('default'), [inherited, 7]);
    t.deepEqual(outcome.value('given'), [['--stack-trace-limit=3'], 3]);
    t.deepEqual(outcome.value('none'), [[], 10]);
    const [result, status] = outcome.value<[Caught, object]>('wrong');
    t.like(result, { class: 'ProcessExitError', exitCode: 9 });
    t.regex(String(result.lastOutput), /bad option: --no-such-option/);
    t.deepEqual(status, code(9));
  },
  // A child has a debugger's port of its own, or none.
  { nodeArgs: ['--stack-trace-limit=7', '--inspect=127.0.0.1:0', '--no-deprecation'] },
);
