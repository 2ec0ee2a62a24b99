import { getAllStartMethods, type StartMethod } from 'zygote';
import { code } from '../start/helpers/expected.js';
import { scenariosOf } from '../start/helpers/scenarios.js';

for (const method of getAllStartMethods()) queues(method);

/** What processes put into queues, and take out. */
function queues(method: StartMethod): void {
  const it = scenariosOf(new URL('fixtures/queues.js', import.meta.url), method);

  it.add('messages of any kind and size go to a child and back', 'echo', (t, outcome) => {
    t.deepEqual(outcome.value('same'), Array(9).fill(true));
    t.is(outcome.value('result'), 'at its end');
  });

  it.add(
    'what a producer has put is there when it has ended, also if nobody has taken it before',
    'exitsAfterPut',
    (t, outcome) => {
      t.deepEqual(outcome.value('ended'), code(0));
      t.deepEqual(outcome.value('whole'), Array(10).fill(true));
      t.is(outcome.value('size'), 0);
    },
  );

  it.add(
    'of several producers and consumers each message is taken once, in the order of its producer',
    'many',
    (t, outcome) => {
      t.deepEqual(outcome.value('each once'), [[500, 500, 500], 1500]);
      t.true(outcome.value('in order'));
    },
  );

  it.add('a child that blocks its thread gets all messages', 'sync', (t, outcome) => {
    t.is(outcome.value('sum'), 5050);
  });

  it.add('a queue that one process closes is closed for all', 'closedByAnother', (t, outcome) => {
    t.is(outcome.value('waiter'), 'ERR_ZYGOTE_EOF');
    t.deepEqual(outcome.value('closed'), [true, 'ERR_ZYGOTE_CLOSED']);
  });

  it.add(
    'a consumer that is killed while it waits takes nothing, and afterwards only what it has taken',
    'killed',
    (t, outcome) => {
      t.is(outcome.value('first'), 'waiting');
      t.is(outcome.value('got'), 'for the living');
      t.is(outcome.value('second'), 'taken');
      t.is(outcome.value('size'), 0);
      t.is(outcome.value('next'), 'next');
    },
  );

  it.add('a joinable queue is joined when its consumers are done with all tasks', 'joined', (t, outcome) => {
    t.true(outcome.value('joined'));
    t.is(outcome.value('results'), 20);
  });

  it.add('joining tells of tasks that a process has taken with it when it was killed', 'lost', (t, outcome) => {
    t.like(outcome.value('joined'), { code: 'ERR_ZYGOTE_TASKS_LOST' });
    t.regex(outcome.value<{ message: string }>('joined').message, /^1 of the messages/);
    t.true(outcome.value('again'));
  });

  it.add('simple queues do as well', 'simple', (t, outcome) => {
    t.deepEqual(outcome.value('got'), [1, 2, 3, 4, 5]);
  });

  it.add('queues travel in the fields of a Process', 'subclass', (t, outcome) => {
    t.is(outcome.value('got'), 'by a field');
  });

  it.add('a queue has the same limits where it arrives', 'limits', (t, outcome) => {
    t.deepEqual(outcome.value('limits'), [3, 1_000_000, 0]);
  });

  it.add('a child passes a queue on to a child of its own', 'grandchild', (t, outcome) => {
    t.is(outcome.value('got'), 'from a grandchild');
  });

  if (process.platform === 'linux') {
    it.add('no descriptor and no mapping is left behind', 'nothingLeft', (t, outcome) => {
      t.is(outcome.value('more'), 0);
    });
  }

  if (method === 'fork') {
    const inherited = scenariosOf(new URL('fixtures/inherited.js', import.meta.url), method);

    inherited.add('a queue is inherited with what a closure captures', 'queue', (t, outcome) => {
      t.deepEqual(outcome.value('got'), [1, 'back']);
    });

    inherited.add(
      'calls of the parent that wait for a queue do not go on in the child',
      'parentWaitsForQueue',
      (t, outcome) => {
        const [got, served] = outcome.value<[string, number]>('child');
        t.regex(got, /^for the/);
        t.is(served, 0);
        t.is(outcome.value('served here'), 1);
      },
    );

    inherited.add('a clone that is forked by hand has the same queues', 'rawQueue', (t, outcome) => {
      t.deepEqual(outcome.value('got'), { from: 'the child' });
      t.deepEqual(outcome.value('by the waiting'), ['for one', 'for another']);
    });
  }
}
