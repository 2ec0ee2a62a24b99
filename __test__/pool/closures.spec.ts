import { getAllStartMethods } from 'zygote';
import { refused } from '../start/helpers/expected.js';
import { Scenarios } from '../start/helpers/scenarios.js';

const it = new Scenarios(new URL('fixtures/closures.js', import.meta.url), 'fork', ['fork']);

if (getAllStartMethods().includes('fork')) {
  it.add(
    'a fork pool runs closures; for those that its workers do not have it forks new ones',
    'closures',
    (t, outcome) => {
      t.is(outcome.value('first'), 'before!');
      t.is(outcome.value('as it was forked'), 'before!');
      t.deepEqual(outcome.value('by reference'), [3, true]);
      t.is(outcome.value('second'), 'after, s');
      t.true(outcome.value('anew'));
      t.deepEqual(outcome.value('again'), ['after, s', true]);
      t.true(outcome.value('many'));
      t.true(outcome.value('few are forked'));
      t.is(outcome.value('map'), 1998);
      t.deepEqual(outcome.value('busy'), ['fresh', [true, true]]);
      t.is(outcome.value('crash'), refused('WORKER_CRASHED').code);
      t.is(outcome.value('throws'), 'fresh');
      t.regex(outcome.value('unsendable'), /^\$\.(symbol|write)$/);
      t.is(outcome.value('after'), 25);
      t.true(outcome.value('joined'));
    },
  );

  it.add(
    'initializers are inherited; a pool is of its process only, and workers have pools of their own',
    'inherited',
    (t, outcome) => {
      t.deepEqual(outcome.value('initializer'), [42]);
      t.deepEqual(outcome.value('not here'), []);
      t.like(outcome.value('a pool in a worker'), refused('POOL_FOREIGN'));
      t.deepEqual(outcome.value('another one'), [9, true]);
      t.true(outcome.value('joined'));
    },
  );

  it.add('a task that takes unexpectedly long holds up no other one', 'fairness', (t, outcome) => {
    t.is(outcome.value('others'), 400);
    t.is(outcome.value('running'), 1);
    t.true(outcome.value('long'));
    t.true(outcome.value('joined'));
  });
}
