/** `zygote report` */
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../usage.js';
import { labelled } from './comparison.js';
import { readMeasurement } from './read.js';
import { reportText } from './text.js';

export const HELP: string = `Usage: zygote report file.json [file.json …] [options]

Shows what 'zygote measure --json=file.json' has written. Several files, of other systems, machines or versions of Node, are
put side by side.

Options:
  --html file   a page with plots, which stands alone; nothing is printed then
  --help        this text

docs/measurement.schema.json describes the files.
`;

const SEE = 'zygote report --help';
/** Columns have letters. */
const MOST = 26;

/** Gives the exit code. */
export async function reportCommand(args: string[]): Promise<number> {
  const { paths, html, help } = parse(args);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (paths.length === 0 || paths.length > MOST) {
    throw new UsageError(`zygote report takes 1 to ${MOST} files, and has ${paths.length}`, SEE);
  }
  const measurements = await Promise.all(paths.map((path) => readMeasurement(path)));
  const files = labelled(
    measurements,
    paths.map((path) => basename(path)),
  );
  if (html === undefined) {
    process.stdout.write(reportText(files, process.stdout.columns ?? 120));
    return 0;
  }
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    const { measurementPage } = await import('../html/measurement-page.js');
    await writeFile(html, measurementPage(only.measurement));
  } else {
    const { comparisonPage } = await import('../html/comparison-page.js');
    await writeFile(html, comparisonPage(files));
  }
  return 0;
}

function parse(args: string[]): { paths: string[]; html: string | undefined; help: boolean } {
  try {
    const options = { html: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { paths: positionals, html: values.html, help: values.help ?? false };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), SEE, { cause });
  }
}
