import type { StartMethod } from 'zygote';
import { scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/contexts.js', import.meta.url);

/** A start method that is asked for by its name. */
export function contexts(method: StartMethod): void {
  const it = scenariosOf(program, method);

  it.add(
    'the default start method of a child, and of its children, is the one that it was started with',
    'below',
    (t, outcome) => {
      t.deepEqual(outcome.value('below'), [method, method, method]);
    },
  );

  it.add('a child can choose another start method for its own children', 'chooses', (t, outcome) => {
    const [other, chosen] = outcome.value<[string, string[]]>('other');
    t.deepEqual(chosen, [other, other]);
    t.is(outcome.value('own'), method);
  });
}
