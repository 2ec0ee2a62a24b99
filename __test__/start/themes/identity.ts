import type { StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import { code } from '../helpers/expected.js';
import { type ProgramOptions, scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/identity.js', import.meta.url);

/** What a process is to itself and to its children. */
export function identity(method: StartMethod, options: ProgramOptions = {}): void {
  const it = scenariosOf(program, method, options);

  it.add('a process is named after its class and the path of counters that leads to it', 'names', (t, outcome) => {
    t.deepEqual(outcome.value('names'), ['Process-1', 'own', 'Other-2', 'Process-3']);
    t.deepEqual(outcome.value('of children'), ['Process-4:1', 'Process-4:2', 'own']);
    t.deepEqual(outcome.value('named'), ['boss:1', 'boss:2', 'own']);
    t.deepEqual(outcome.value('below'), ['boss:1', 'boss:2']);
    t.regex(outcome.value('self'), /^Process-\d$/);
  });

  it.add('currentProcess is the process itself, in the main process and in a child', 'current', (t, outcome) => {
    const common = {
      pid: true,
      isAlive: true,
      exitCode: null,
      signalCode: null,
      codes: [...Array<string>(4).fill('ERR_ZYGOTE_NOT_A_CHILD'), 'ERR_ZYGOTE_ALREADY_STARTED'],
      same: true,
      active: 0,
      method,
    };
    t.deepEqual(outcome.value('main'), { ...common, name: 'MainProcess', daemon: false, isMainProcess: true });
    t.deepEqual(outcome.value('child'), { ...common, name: 'job', daemon: true, isMainProcess: false });
  });

  it.add('parentProcess is who has started the process', 'parent', (t, outcome) => {
    t.is(outcome.value('main'), null);
    const { own, ...child } = outcome.value<Record<string, unknown>>('child');
    t.deepEqual(child, {
      pid: outcome.pid,
      name: 'MainProcess',
      isAlive: true,
      waited: false,
      again: false,
      aborted: 'RangeError',
      same: true,
      grandchild: [own, 'job', true],
    });
  });

  it.add('a process that waits for its parent sees it die', 'orphan', (t, outcome) => {
    t.deepEqual(outcome.value('before'), [true, false]);
    t.deepEqual(outcome.value('gone'), [true, outcome.value('between')]);
    t.is(outcome.values('sent').length, 1);
    t.is(outcome.stderr, '');
  });

  it.add('a class with a run of its own is run, with its fields and its arguments', 'subclass', (t, outcome) => {
    // With fork it is the very object; else its class is found by its export and its fields by their values.
    const [product, ...facts] = outcome.value<number[]>('result');
    t.is(product, 30);
    t.deepEqual(facts, [11, 0, 1, 1]);
    t.deepEqual(outcome.value('status'), code(0));
    t.is(outcome.value('around'), '<abab>');
    t.like(outcome.value<Caught>('thrown'), { class: 'RangeError', message: 'thrown by thrower' });
    t.is(outcome.value('of context'), method);
    t.deepEqual(outcome.value('default name'), ['Job-n', 'Around-n']);
    // Its constructor is the parent's business.
    t.true(outcome.pids('constructed').every((pid) => pid === outcome.pid));
  });
}
