/** Programs whose files are written for the test. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { writeFiles } from '../../helpers/files.js';
import { type Outcome, type ProgramOptions, runProgram } from './scenarios.js';

const ZYGOTE = import.meta.resolve('zygote');

/** Begins an ES module. */
export const ESM = `import { forkserver, isMainProcess, Process } from ${JSON.stringify(ZYGOTE)};\n`;

/** Begins a CommonJS module. */
export const CJS = `const { forkserver, isMainProcess, Process } = require(${JSON.stringify(fileURLToPath(ZYGOTE))});\n`;

/** Starts a process by the method that the first argument names, and prints its result or what became of it. */
export function starting(target: string, args: unknown[] = []): string {
  return `
{
  const child = new Process({ target: ${target}, args: ${JSON.stringify(args)}, method: process.argv[2] });
  child.start().then(() => child.result).then(
    (value) => console.log(JSON.stringify(value)),
    ({ code, message, lastOutput }) => console.log(JSON.stringify({ code, message, lastOutput })),
  );
}
`;
}

/** Runs the program `main` of these files; what came of it is shown if the test fails. */
export async function runFiles(
  t: ExecutionContext,
  files: Record<string, string>,
  main: string,
  options: ProgramOptions | ((folder: string) => ProgramOptions) = {},
): Promise<Outcome> {
  const folder = writeFiles(t, files);
  return runMain(t, join(folder, main), typeof options === 'function' ? options(folder) : options);
}

export async function runMain(t: ExecutionContext, path: string, options: ProgramOptions): Promise<Outcome> {
  const outcome = await runProgram(pathToFileURL(path), options);
  t.teardown(() => {
    if (!t.passed) t.log(`exit code ${outcome.code}, signal ${outcome.signal}\n${outcome.stdout}\n${outcome.stderr}`);
  });
  return outcome;
}
