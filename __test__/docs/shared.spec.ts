import test from 'ava';
import { getAllStartMethods } from 'zygote';
import { runProgram } from '../start/helpers/scenarios.js';
import { blocksOf, exampleOf, printedIn, textOf } from './helpers/pages.js';

const blocks = ['docs/shared-memory.md', 'docs/locks.md'].flatMap((path) => blocksOf(textOf(path)));

for (const block of blocks.filter(({ info }) => info === 'console')) {
  const { example, methods, text } = printedIn(block);
  for (const method of getAllStartMethods().filter((one) => methods.includes(one))) {
    test(`${example} prints by ${method} what the page says`, async (t) => {
      const { stdout, stderr, code } = await runProgram(exampleOf(example), { args: [method] });
      t.is(stderr, '');
      t.is(code, 0);
      t.is(stdout.replaceAll('\r\n', '\n').trimEnd(), text);
    });
  }
}
