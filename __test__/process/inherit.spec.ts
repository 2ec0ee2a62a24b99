import test, { type ExecutionContext } from 'ava';
import type { ForkStrategy } from 'zygote';
import { describeOutcome, type Outcome, runProgram } from '../helpers/program.js';

const program = new URL('fixtures/inherit.js', import.meta.url);

for (const strategy of ['all-threads', 'single-threaded'] as const satisfies ForkStrategy[]) {
  const add = (title: string, scenario: string, check: (t: ExecutionContext, outcome: Outcome) => void): void =>
    void test(`${strategy}: ${title}`, async (t) => {
      const outcome = await runProgram(program, { args: [scenario], strategy });
      t.teardown(() => {
        if (!t.passed) t.log(describeOutcome(outcome));
      });
      t.is(outcome.code, 0);
      check(t, outcome);
    });

  add('an HTTP server is shared by the parent and the children that inherit it', 'httpServer', (t, outcome) => {
    t.deepEqual(outcome.value('others'), []);
    t.true(outcome.value('parent goes on'));
    t.true(outcome.value('child goes on'));
    t.like(outcome.value('closed'), { code: 'ECONNREFUSED' });
  });

  add('a child accepts no connection of a server that it does not inherit', 'notInherited', (t, outcome) => {
    t.is(outcome.value('parent accepted'), 50);
    t.true(outcome.pids('accepted').every((pid) => pid === outcome.pid));
    if (process.platform === 'linux') t.deepEqual(outcome.value('held'), [true, false, false, false]);
  });

  add('a connected socket can be used by a child that inherits it', 'socket', (t, outcome) => {
    t.is(outcome.value('peer heard'), 'from the child');
    t.is(outcome.value('child heard'), 'hello');
  });

  add(
    "a child can neither read nor write the parent's connections, whose session stays whole",
    'session',
    (t, outcome) => {
      t.is(outcome.value('before'), '<1>');
      t.deepEqual(outcome.values('session'), ['<2>', '<3>', '<a longer one>']);
      t.deepEqual(outcome.value('child'), ['string', 0]);
    },
  );

  add('peers see the end of a connection while a child lives on', 'peerSeesTheEnd', (t, outcome) => {
    t.deepEqual(outcome.pids('peer saw the end'), [outcome.pid]);
  });

  add('a datagram socket can be inherited', 'datagrams', (t, outcome) => t.is(outcome.value('result'), 'datagram'));

  add('a pipe can be inherited', 'pipe', (t, outcome) => {
    t.is(outcome.value('result'), 'written');
    t.is(outcome.value('heard'), 'written by the child\n');
  });

  add('descriptors can be inherited by number, also a FIFO of which both ends are here', 'number', (t, outcome) => {
    t.is(outcome.value('written'), 14);
    t.is(outcome.value('read'), 'through a FIFO');
  });

  add('what has no open descriptor cannot be inherited', 'refused', (t, outcome) => {
    t.is(outcome.entries.length, 18);
    for (const { what, value } of outcome.entries) {
      t.like(value as object, { code: 'ERR_ZYGOTE_NOT_INHERITABLE' }, what);
      t.regex((value as { message: string }).message, /^inherit\[1\] \(/);
    }
  });

  add('connections that the parent keeps for later are not used by a child', 'agents', (t, outcome) => {
    t.deepEqual(outcome.value('kept'), [true, true]);
    t.deepEqual(outcome.value('own'), [true, false]);
  });
}
