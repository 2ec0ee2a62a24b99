/** Programs that a page shows with what they print. */
import { readdirSync } from 'node:fs';
import test from 'ava';
import { describeOutcome, runProgram } from '../../helpers/program.js';
import { blocksOf, exampleOf, textOf, urlOf } from './pages.js';

/** Tests that the programs of a folder of examples print what the page says. */
export function printedOn(page: string, folder: string): void {
  const command = new RegExp(`^\\$ node docs/examples/${folder}/([\\w-]+)\\.mjs\\n`);
  const printed = new Map(
    blocksOf(textOf(page))
      .filter(({ info }) => info === 'console')
      .map(({ text }) => [command.exec(text)?.[1], text.replace(command, '')]),
  );
  const examples = readdirSync(urlOf(`docs/examples/${folder}/`)).map((name) => name.replace('.mjs', ''));

  test(`${page} says what each example prints`, (t) => {
    t.deepEqual([...printed.keys()].toSorted(), examples.toSorted());
  });

  for (const example of examples) {
    test(`${example} prints what the page says`, async (t) => {
      const outcome = await runProgram(exampleOf(`${folder}/${example}`));
      t.is(outcome.stdout.trimEnd(), printed.get(example) ?? '', describeOutcome(outcome));
      t.is(outcome.stderr, '');
      t.is(outcome.code, 0);
    });
  }
}
