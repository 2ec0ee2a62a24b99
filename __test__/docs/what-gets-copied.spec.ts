import test from 'ava';
import { getAllStartMethods, type StartMethod } from 'zygote';
import { runProgram } from '../start/helpers/scenarios.js';
import { blocksOf, exampleNames, exampleOf, printedIn, textOf, withoutFolder } from './helpers/pages.js';

const METHODS: StartMethod[] = ['fork', 'forkserver', 'spawn'];

const UNIX: NodeJS.Platform[] = ['linux', 'darwin'];

/** Examples of what differs between systems. */
const SYSTEMS: Record<string, NodeJS.Platform[]> = {
  // Windows adds to every environment what its programs need.
  environment: UNIX,
  'list-read': ['linux'],
  // Windows knows no signals.
  'no-result': UNIX,
  server: UNIX,
};

const blocks = blocksOf(textOf('docs/what-gets-copied.md'));
const printed = blocks.filter(({ info }) => info === 'console').map(printedIn);

function said(example: string, method: StartMethod): string[] {
  return printed.filter((one) => one.example === example && one.methods.includes(method)).map(({ text }) => text);
}

test('the page says once what each example prints by each method', (t) => {
  const expected = exampleNames().flatMap((example) => METHODS.map((method) => `${example} ${method}`));
  const found = printed.flatMap(({ example, methods }) => methods.map((method) => `${example} ${method}`));
  t.deepEqual(found.toSorted(), expected.toSorted());
});

test('the page shows the code of each example', (t) => {
  const shown = new Set(blocks.map(({ info }) => /^js (.*)\.mjs$/.exec(info)?.[1]));
  t.deepEqual(
    exampleNames().filter((example) => !shown.has(example)),
    [],
  );
});

for (const example of exampleNames()) {
  for (const method of getAllStartMethods()) {
    const there = SYSTEMS[example]?.includes(process.platform) ?? true;
    (there ? test : test.skip)(`${example} prints by ${method} what the page says`, async (t) => {
      const { stdout, stderr, code } = await runProgram(exampleOf(example), { args: [method] });
      t.is(stderr, '');
      t.is(code, 0);
      t.deepEqual(said(example, method), [withoutFolder(stdout).trimEnd()]);
    });
  }
}
