import { getAllStartMethods, type StartMethod } from 'zygote';
import { scenariosOf } from '../start/helpers/scenarios.js';

for (const method of getAllStartMethods()) pipes(method);

/** What processes send each other over pipes. */
function pipes(method: StartMethod): void {
  const it = scenariosOf(new URL('fixtures/pipes.js', import.meta.url), method);

  it.add('messages of any kind and size go to a child and back', 'echo', (t, outcome) => {
    t.deepEqual(outcome.value('same'), Array(9).fill(true));
    t.is(outcome.value('result'), 'at its end');
  });

  it.add('a child sends into a one-way pipe, and the iteration ends with it', 'oneWay', (t, outcome) => {
    t.deepEqual(outcome.value('received'), [1, 2, 3]);
  });

  it.add('the end of a child that is killed is the end of what it sends', 'childEnds', (t, outcome) => {
    t.is(outcome.value('first'), 'there');
    t.deepEqual(outcome.value('then'), { name: 'EOFError', code: 'ERR_ZYGOTE_EOF' });
    t.is(outcome.value('send'), 'ERR_ZYGOTE_BROKEN_PIPE');
  });

  it.add('a child learns that its parent has closed the other end', 'parentCloses', (t, outcome) => {
    t.is(outcome.value('child'), 'ERR_ZYGOTE_EOF');
  });

  it.add('so does one whose class has the connection as a field', 'subclass', (t, outcome) => {
    t.is(outcome.value('child'), 'ERR_ZYGOTE_EOF');
  });

  it.add('what was sent right before both ends were closed arrives', 'closedAtOnce', (t, outcome) => {
    t.is(outcome.value('result'), 'sent before');
  });

  it.add(
    'writers that are killed in the midst of a message cut none short, and none of the others',
    'killedWriter',
    (t, outcome) => {
      t.true(outcome.value('whole'));
      t.is(outcome.value('killed'), 3);
    },
  );

  it.add('of several readers each message goes to one', 'severalReaders', (t, outcome) => {
    t.true(outcome.value('in order'));
    t.true(outcome.value('all'));
  });

  it.add('a child passes its end on to a child of its own', 'grandchild', (t, outcome) => {
    t.is(outcome.value('received'), 'from a grandchild');
  });

  if (process.platform === 'linux') {
    it.add('who is answered soon for a while sleeps when no answer comes any more', 'conversation', (t, outcome) => {
      t.deepEqual(outcome.value('exchanged'), [200, 200]);
    });

    it.add('no descriptor is left behind', 'nothingLeft', (t, outcome) => {
      t.true(outcome.value<number>('more') <= 0);
    });
  }

  if (method === 'fork') {
    const inherited = scenariosOf(new URL('fixtures/inherited.js', import.meta.url), method);

    inherited.add('a pipe is inherited with what a closure captures', 'byClosure', (t, outcome) => {
      t.deepEqual(outcome.value('received'), [1, 'back']);
      t.true(outcome.value('whole'));
    });

    inherited.add('calls of the parent that wait do not go on in the child', 'parentWaits', (t, outcome) => {
      const [got, served] = outcome.value<[string, number]>('child');
      t.regex(got, /^for the/);
      t.is(served, 0);
      t.is(outcome.value('served here'), 1);
    });

    inherited.add('a child has what its parent had received, and a copy of its own', 'received', (t, outcome) => {
      t.true(outcome.value('here'));
      t.true(outcome.value('later'));
      t.deepEqual(outcome.value('child'), [true, 1000, 3_999_999]);
    });

    inherited.add('a clone that is forked by hand has the same pipes', 'raw', (t, outcome) => {
      t.deepEqual(outcome.value('received'), { from: 'the child' });
      t.true(outcome.value('end'));
    });
  }
}
