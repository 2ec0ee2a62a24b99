import { getAllStartMethods, type StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { refused } from '../helpers/expected.js';
import { Scenarios } from '../helpers/scenarios.js';

const program = new URL('../fixtures/contexts.js', import.meta.url);

const expected: Partial<Record<NodeJS.Platform, StartMethod[]>> = {
  linux: ['fork', 'forkserver', 'spawn'],
  win32: ['spawn'],
};

/** Programs that nobody has told their start method. */
export function choosing(): void {
  const it = new Scenarios(program, 'contexts');

  it.add('getAllStartMethods gives the methods of this system, the default first', 'names', (t, outcome) => {
    const all = outcome.value<StartMethod[]>('all');
    t.deepEqual(all, expected[process.platform] ?? ['forkserver', 'spawn', 'fork']);
    t.deepEqual(outcome.value('default'), [all[0], all[0]]);
    t.true(outcome.value('own copy'));
  });

  it.add('the start method is set once, unless it is forced', 'choose', (t, outcome) => {
    const [wanted, ...chosen] = outcome.value<string[]>('chosen');
    t.deepEqual(chosen, [wanted, wanted]);
    const again = outcome.value<Caught | null>('again');
    if (again) {
      t.like(again, { class: 'StartMethodError', ...refused('START_METHOD') });
      t.regex(String(again.message), new RegExp(`has been set to "${wanted}" already.*force`));
    }
    t.is(outcome.value('still'), wanted);
    const [forced, now] = outcome.value<string[]>('forced');
    t.is(now, forced);
  });

  it.add('a start method that does not exist is refused, with the names of those that do', 'unknown', (t, outcome) => {
    const refusals = outcome.value<Caught[]>('unknown');
    t.is(refusals.length, 5);
    for (const refusal of refusals) {
      t.like(refusal, { class: 'StartMethodError', ...refused('START_METHOD') });
      for (const method of getAllStartMethods()) t.regex(String(refusal.message), new RegExp(`"${method}"`));
    }
    t.true(outcome.value('default'));
  });

  for (const method of getAllStartMethods()) {
    it.add(
      `${method}: a context starts its processes by its method, and an option goes before it`,
      'context',
      (t, outcome) => {
        t.deepEqual(outcome.value('context'), [method, true, 'Process']);
        t.true(outcome.value('instance'));
        for (const what of ['child', 'option', 'option before context']) t.is(outcome.value(what), method, what);
        // Nothing of this has set the default.
        t.true(outcome.value('default'));
        t.deepEqual(outcome.value('free'), {});
      },
      { args: ['', method] },
    );
  }

  it.add('processes of all start methods run side by side', 'mixed', (t, outcome) => {
    const all = outcome.value<string[]>('all');
    t.deepEqual(outcome.value('mixed'), [...all, ...all]);
  });

  if (process.platform === 'win32') {
    it.add('fork and forkserver are refused, with the advice to use spawn', 'absent', (t, outcome) => {
      const refusals = outcome.value<Caught[]>('absent');
      t.is(refusals.length, 4);
      for (const refusal of refusals) {
        t.like(refusal, { class: 'StartMethodError', ...refused('START_METHOD') });
        t.regex(String(refusal.message), /Windows has no fork.*use "spawn"/);
      }
    });
  }
}
