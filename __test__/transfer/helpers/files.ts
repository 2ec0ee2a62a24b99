/** Programs whose files are written for the test, and which send functions to another process. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { writeFiles } from '../../helpers/files.js';
import { describeOutcome, type Outcome, type ProgramOptions, runProgram } from '../../helpers/program.js';
import type { Fate } from './sender.js';

const SENDER = new URL('sender.js', import.meta.url);

/** Begins an ES module. */
export const ESM = `import { define, reference, resolveReference, send } from ${JSON.stringify(SENDER.href)};\n`;

/** Begins a CommonJS module. */
export const CJS = `const { define, reference, resolveReference, send } = require(${JSON.stringify(fileURLToPath(SENDER))});\n`;

/** Runs a program. What came of it is shown if the test fails. */
export async function run(t: ExecutionContext, path: string, options: ProgramOptions = {}): Promise<Outcome> {
  const outcome = await runProgram(pathToFileURL(path), options);
  t.teardown(() => {
    if (!t.passed) t.log(describeOutcome(outcome));
  });
  return outcome;
}

/** Writes files, runs the first of them, and gives what became of the functions that it has sent. */
export async function fatesOf(
  t: ExecutionContext,
  files: Record<string, string>,
  options: ProgramOptions | ((folder: string) => ProgramOptions) = {},
): Promise<Record<string, Fate>> {
  const folder = writeFiles(t, files);
  const [main = ''] = Object.keys(files);
  const outcome = await run(t, join(folder, main), typeof options === 'function' ? options(folder) : options);
  t.is(outcome.stderr, '');
  t.is(outcome.code, 0);
  return JSON.parse(outcome.stdout || '{}') as Record<string, Fate>;
}
