import type { StartMethod } from 'zygote';
import { refused } from '../helpers/expected.js';
import { scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/messages.js', import.meta.url);

/** How a process and its parent talk. */
export function messages(method: StartMethod): void {
  const it = scenariosOf(program, method);

  it.add('messages go both ways, in order, of any size', 'echo', (t, outcome) => {
    t.is(outcome.value('received'), 206);
    t.is(outcome.value('in order'), 205);
    t.like(outcome.value('ended'), refused('ENDED'));
  });

  it.add('messages that are sent right after the start wait for a listener', 'rightAfterTheStart', (t, outcome) => {
    t.deepEqual(outcome.value('received'), ['one', 'two', 'end']);
  });

  it.add('messages that come while nobody listens wait for the next listener', 'oneByOne', (t, outcome) => {
    t.deepEqual(outcome.value('received'), ['one', 'two', 'three', 'end']);
  });

  it.add('thousands of messages keep their order', 'many', (t, outcome) => {
    t.is(outcome.value('result'), 'counted');
    t.true(outcome.value('in order'));
  });

  it.add('a message that cannot be transferred is refused where it is sent', 'refused', (t, outcome) => {
    t.like(outcome.value('in the child'), { class: 'TransferError', ...refused('TRANSFER'), path: '$.list[0]' });
    t.like(outcome.value('in the parent'), { class: 'TransferError', ...refused('TRANSFER'), path: '$[0].token' });
    t.is(outcome.value('result'), 'still there');
  });

  it.add('a listener that throws loses no message', 'listeners', (t, outcome) => {
    t.is(outcome.value('result'), 'counted');
    t.deepEqual(outcome.value('heard'), [0, 1, 2, 'a listener']);
  });
}
