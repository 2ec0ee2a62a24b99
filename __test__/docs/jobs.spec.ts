import { readdirSync } from 'node:fs';
import test from 'ava';
import { describeOutcome, runProgram } from '../helpers/program.js';
import { blocksOf, exampleOf, textOf, urlOf } from './helpers/pages.js';

const COMMAND = /^\$ node docs\/examples\/jobs\/([\w-]+)\.mjs\n/;

const printed = new Map(
  blocksOf(textOf('docs/jobs.md'))
    .filter(({ info }) => info === 'console')
    .map(({ text }) => [COMMAND.exec(text)?.[1], text.replace(COMMAND, '')]),
);
const examples = readdirSync(urlOf('docs/examples/jobs/')).map((name) => name.replace('.mjs', ''));

test('the page says what each example prints', (t) => {
  t.deepEqual([...printed.keys()].toSorted(), examples.toSorted());
});

for (const example of examples) {
  test(`${example} prints what the page says`, async (t) => {
    const outcome = await runProgram(exampleOf(`jobs/${example}`));
    t.is(outcome.stdout.trimEnd(), printed.get(example) ?? '', describeOutcome(outcome));
    t.is(outcome.stderr, '');
    t.is(outcome.code, 0);
  });
}
