import type { StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { refused } from '../helpers/expected.js';
import { scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/transfers.js', import.meta.url);

/** Targets and arguments of processes that do not inherit them. */
export function transfers(method: StartMethod): void {
  const it = scenariosOf(program, method);

  it.add('large arguments and results arrive whole', 'large', (t, outcome) => {
    t.deepEqual(outcome.value('there'), outcome.value('here'));
    t.is(outcome.value('back'), 0);
  });

  it.add('functions and classes that modules export can be arguments and results', 'functions', (t, outcome) => {
    t.is(outcome.value('called'), 'abab');
    t.true(outcome.value('same'));
    t.true(outcome.value('class'));
  });

  it.add('what cannot be transferred rejects the start, and leaves no process behind', 'refused', (t, outcome) => {
    const functions = { closure: 'closure', hidden: 'hidden', method: 'increment', bound: 'valueOf' };
    for (const [what, name] of Object.entries(functions)) {
      for (const error of outcome.value<Caught[]>(what)) {
        t.like(error, { class: 'TransferError', ...refused('TRANSFER'), path: '$.target' }, what);
        t.true(error.message?.includes(name), error.message);
      }
    }
    // It says where the function is, and what can be done.
    for (const what of ['closure', 'hidden']) {
      const { message } = outcome.value<Caught[]>(what)[0] ?? {};
      t.regex(String(message), /transfers\.js:\d+/);
      for (const way of [/export it/, /'fork'/]) t.regex(String(message), way, what);
    }
    t.like(outcome.value<Caught[]>('symbol')[0], { class: 'TransferError', path: '$.args[1].list[0]' });
    t.like(outcome.value<Caught[]>('closures')[0], { class: 'TransferError', path: '$.args[0].fn' });
    t.like(outcome.value('inherit'), refused('INVALID_ARGUMENT'));
    t.is(outcome.value('active'), 0);
    t.is(outcome.value('next'), 'next');
  });
}
