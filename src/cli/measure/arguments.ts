/** The options of `zygote measure`. */
import { parseArgs } from 'node:util';
import { ZygoteError } from '../../errors.js';
import { CONTESTANT_NAMES, PAYLOAD_NAMES, type MeasureOptions, type PayloadName } from '../../measure/index.js';
import { planFrom } from '../../measure/options.js';
import type { ContestantName } from '../../measure/measurement.js';
import { UsageError } from '../usage.js';

export const HELP: string = `Usage: zygote measure [options]

Hands the same data to a child process or thread in every way there is, over and over, and prints what each way costs:
time until the child can use the data, time to read all of it, time the parent is blocked, memory of the child.

Your own data:
  --data file.json          the content of a JSON file
  --module ./mine.js#load   an export of a module: the data, or a function that gives it, or gives a promise of it;
                            without a #name the default export

What to measure:
  --payload name[,name]     built-in data: ${PAYLOAD_NAMES.join(', ')} (default: all; none beside data of your own)
  --only name[,name]        ways to hand it over: ${CONTESTANT_NAMES.join(', ')} (default: all)
  --rounds n                how often each way is tried (default: 10)
  --scale n                 sizes of the built-in data times n (default: 1)
  --quick                   3 rounds, a tenth of the size: some seconds
  --timeout seconds         for each child; a way that takes longer is given up (default: 60)

Output:
  --json                    the result as JSON on stdout, nothing else
  --json=file               the result as JSON into a file, besides the tables
  --help                    this text
`;

const SEE = 'zygote measure --help';

export interface Arguments {
  help: boolean;
  /** A file to write the JSON to; '-' is stdout. */
  json: string | undefined;
  options: MeasureOptions;
}

/** @throws UsageError */
export function parseArguments(args: readonly string[]): Arguments {
  const values = parse(args);
  const options: MeasureOptions = {
    ...(values.payload !== undefined && { payloads: names(values.payload) as PayloadName[] }),
    ...(values.only !== undefined && { only: names(values.only) as ContestantName[] }),
    ...(values.data !== undefined && { data: values.data }),
    ...(values.module !== undefined && { module: values.module }),
    ...(values.quick !== undefined && { quick: values.quick }),
    ...numberOption('rounds', values.rounds),
    ...numberOption('scale', values.scale),
    ...numberOption('timeout', values.timeout, 1000),
  };
  check(options);
  return { help: values.help ?? false, json: values.json, options };
}

function parse(args: readonly string[]): ParsedValues {
  try {
    const { values } = parseArgs({
      // parseArgs knows no option that may have a value or none.
      args: args.map((arg) => (arg === '--json' ? '--json=-' : arg)),
      options: {
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        json: { type: 'string' },
        module: { type: 'string' },
        only: { type: 'string', multiple: true },
        payload: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        scale: { type: 'string' },
        timeout: { type: 'string' },
      },
    });
    return values;
  } catch (cause) {
    // Its messages say what to do: "Unknown option '--raunds'."
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), SEE, { cause });
  }
}

interface ParsedValues {
  data?: string;
  help?: boolean;
  json?: string;
  module?: string;
  only?: string[];
  payload?: string[];
  quick?: boolean;
  rounds?: string;
  scale?: string;
  timeout?: string;
}

function names(given: readonly string[]): string[] {
  return given.flatMap((list) => list.split(',')).filter((name) => name !== '');
}

function numberOption(name: 'rounds' | 'scale' | 'timeout', text: string | undefined, unit = 1): MeasureOptions {
  if (text === undefined) return {};
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(number)) throw new UsageError(`--${name} needs a number, and is '${text}'`, SEE);
  return { [name]: number * unit };
}

/** Before anything is started. */
function check(options: MeasureOptions): void {
  try {
    planFrom(options);
  } catch (cause) {
    if (cause instanceof ZygoteError) throw new UsageError(cause.message, SEE, { cause });
    throw cause;
  }
}
