import { getAllStartMethods } from 'zygote';
import { Scenarios } from '../start/helpers/scenarios.js';

const program = new URL('fixtures/descriptors.js', import.meta.url);
const hasFork = getAllStartMethods().includes('fork');

for (const strategy of hasFork ? (['all-threads', 'single-threaded'] as const) : []) {
  const it = new Scenarios(program, `${strategy}: a descriptor that is shared`, [], { strategy });

  it.add('is the same object in a process that is forked', 'process', (t, outcome) => {
    t.deepEqual(outcome.value('read'), ['child, reader', 'reader']);
  });

  it.add('may have been shared since the start was asked for', 'late', (t, outcome) => {
    t.deepEqual(outcome.value('read'), ['child', 'child']);
  });

  it.add('is the same object in all clones of a forkserver', 'forkserver', (t, outcome) => {
    t.deepEqual(outcome.value('read'), ['child, reader', 'severed']);
  });

  it.add('stays so until it was unshared as often', 'counted', (t, outcome) => {
    t.deepEqual(outcome.value('read'), ['child, reader', 'reader']);
  });
}
