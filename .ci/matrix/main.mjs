// Runs the rows of the matrix of systems that this machine can run, and says what of each was tested.
//
//   npm run matrix                       every row
//   npm run matrix -- --list             their names, and what each is
//   npm run matrix -- --only linux-x64   rows whose name has this in it; may be given more than once, or with commas
//   npm run matrix -- --quick            of the tests of Node lines only those of the addon and of starting processes
//
// What a row prints goes to .build/matrix/<row>.log. What it needs is fetched once and kept: see cache.mjs. The exit code is 1
// if a row has failed; one that this machine cannot run is skipped, and says why.
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../package/targets.mjs';
import { rows } from './rows.mjs';
import { Row, Skip } from './row.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (options.help) {
  console.log(`usage: npm run matrix -- [OPTION…]

Runs the rows of the matrix of systems that this machine can run.

  --only NAME   rows whose name has this in it; may be repeated, or have commas
  --list        the rows, and what each is
  --quick       of the tests on Node lines only those of the addon and of starting processes
  --help        this text

What a row prints is in .build/matrix/<row>.log. What it fetches is kept in ZYGOTE_CACHE_DIR, or in the user's cache.`);
} else {
  const wanted = options.only.flatMap((names) => names.split(','));
  const chosen = rows.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  if (chosen.length === 0) {
    console.error(`no row has ${wanted.join(' or ')} in its name: see --list`);
    process.exitCode = 2;
  } else if (options.list) {
    for (const { name, what } of chosen) console.log(`${name.padEnd(28)} ${what}`);
  } else {
    await runAll(chosen);
  }
}

/** One after the other: each has the machine for itself. */
async function runAll(chosen) {
  const logs = join(root, '.build', 'matrix');
  mkdirSync(logs, { recursive: true });
  const results = [];
  for (const { name, what, run } of chosen) {
    console.error(`matrix: ${name}: ${what} …`);
    const log = createWriteStream(join(logs, `${name.replaceAll('/', '-')}.log`));
    const row = new Row(name, log, options);
    const started = Date.now();
    try {
      await run(row);
    } catch (error) {
      if (error instanceof Skip) row.skip(error.message);
      else row.fail(error instanceof Error ? error.message : String(error));
    }
    log.end();
    results.push({ ...row.result(), seconds: Math.round((Date.now() - started) / 1000) });
    console.error(`matrix: ${name}: ${results.at(-1).state}`);
  }
  console.log(table(results));
  if (results.some(({ state }) => state === 'failed')) process.exitCode = 1;
}

function table(results) {
  const head = ['row', 'result', 'passed', 'failed', 'skipped', 'seconds', 'why'];
  const lines = [
    head,
    ...results.map(({ name, state, passed, failed, skipped, seconds, why }) => [
      name,
      state,
      passed,
      failed,
      skipped,
      seconds,
      why,
    ]),
  ].map((line) => line.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
