import type { StartMethod } from 'zygote';
import type { Caught } from '../helpers/fixture.js';
import type { Place } from '../fixtures/place.js';
import { scenariosOf } from '../helpers/scenarios.js';

const program = new URL('../fixtures/place.js', import.meta.url);

const isWindows = process.platform === 'win32';

/** Where a process runs. */
export function place(method: StartMethod): void {
  const it = scenariosOf(program, method);

  it.add(
    'folder, environment, umask, arguments and title are those that the parent has now',
    'current',
    (t, outcome) => {
      const child = outcome.value<Place>('child');
      const { hours, title, ...parent } = outcome.value<Place>('parent');
      t.like(child, { ...parent, variables: ['added', 'changed', null, 'kept'] });
      t.deepEqual(child.argv, ['current', method, 'pushed']);
      if (!isWindows) {
        t.is(title, 'zygote-title');
        t.is(child.title, title);
        t.is(hours, 9);
        t.is(child.hours, 9);
        t.is(child.umask, 0o027);
      }
      t.deepEqual(outcome.value('below'), outcome.value('parent below'));
      t.deepEqual(outcome.value('again'), [false, 'changed again']);
    },
  );

  it.add('arguments may be many and long', 'longArguments', (t, outcome) => {
    t.is(outcome.value<number[]>('child').length, 1002);
    t.deepEqual(outcome.value('child'), outcome.value('parent'));
  });

  it.add('folder and environment can be given', 'given', (t, outcome) => {
    const [folder, names] = outcome.value<[string, string[]]>('expected');
    const child = outcome.value<Place>('child');
    t.is(child.cwd, folder);
    t.deepEqual(child.variables, ['given', null, null, null]);
    if (!isWindows) {
      t.deepEqual(child.names, names);
      t.is(child.hours, 9);
    }
    t.deepEqual(outcome.value('below'), [folder, 'given', null, null, null]);
    t.true(outcome.value('parent'));
  });

  it.add('a folder that does not exist is refused', 'refused', (t, outcome) => {
    const refused = outcome.value<Caught>('refused');
    t.regex(`${refused.code} ${refused.message}`, /ENOENT|no folder/);
    t.is(outcome.value('active'), 0);
    t.is(outcome.value('next'), 'string');
  });
}
