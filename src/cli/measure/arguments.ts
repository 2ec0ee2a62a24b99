/** The options of `zygote measure`. */
import { parseArgs } from 'node:util';
import { ZygoteError } from '../../errors.js';
import { CONTESTANT_NAMES, PAYLOAD_NAMES, type MeasureOptions, type PayloadName } from '../../measure/index.js';
import { planFrom } from '../../measure/options.js';
import { GROUPS } from '../../measure/ways.js';
import { UsageError } from '../usage.js';
import { titleOf } from './names.js';

export const HELP: string = `Usage: zygote measure [options]

Hands the same data to a child process or thread in every way there is, over and over, and prints what each way costs:
time until the child can use the data, time to read all of it, time the parent is blocked, CPU time, page faults, memory
of the child; how that grows with the data; and in two sentences what inheriting costs and what serializing costs here.

How much:
  (nothing)                 within 3 minutes; what is dear is measured less often, or left out
  --quick                   small data, half a minute
  --full                    up to 1 GB of data, every way 10 times: an hour or so, and gigabytes of memory
  --budget seconds          as long as you say (default: 140; 30 with --quick; none with --full or --rounds)
  --rounds n                how often each way is tried at most (default: 10; 5 with --quick)

Your own data:
  --data file.json          the content of a JSON file
  --module ./mine.js#load   an export of a module: the data, or a function that gives it, or gives a promise of it;
                            without a #name the default export

What to measure:
  --payload name[,name]     built-in data: ${PAYLOAD_NAMES.join(', ')} (default: all; none beside data of your own)
  --sizes size[,size]       sizes of the built-in data: 500kB, 10MB, 1GB, as structured clone serializes them
  --scale n                 sizes of the built-in data times n (default: 1)
  --methods name[,name]     ways to hand it over (default: all):
${CONTESTANT_NAMES.map((name) => `                              ${name.padEnd(21)} ${titleOf(name)}`).join('\n')}
                            or those of a kind: ${GROUPS.join(', ')}
  --children n              how many children are measured together (default: 4)
  --timeout seconds         for each child; a way that takes longer is given up (default: 60; 300 with --full)

Output:
  --json                    the result as JSON on stdout, nothing else
  --json=file               the result as JSON into a file, besides the tables
  --html file               a page with plots, which stands alone
  --help                    this text; 'zygote report' draws and compares what --json has written
`;

const SEE = 'zygote measure --help';

export interface Arguments {
  help: boolean;
  /** A file to write the JSON to; '-' is stdout. */
  json: string | undefined;
  /** A file to write the page to. */
  html: string | undefined;
  options: MeasureOptions;
}

/** @throws UsageError */
export function parseArguments(args: readonly string[]): Arguments {
  const values = parse(args);
  const options: MeasureOptions = {
    ...(values.payload !== undefined && { payloads: names(values.payload) as PayloadName[] }),
    ...(values.sizes !== undefined && { sizes: names(values.sizes).map(sizeFrom) }),
    ...(values.methods !== undefined && { methods: names(values.methods) }),
    ...(values.data !== undefined && { data: values.data }),
    ...(values.module !== undefined && { module: values.module }),
    ...(values.quick !== undefined && { quick: values.quick }),
    ...(values.full !== undefined && { full: values.full }),
    ...numberOption('budget', values.budget, 1000),
    ...numberOption('children', values.children),
    ...numberOption('rounds', values.rounds),
    ...numberOption('scale', values.scale),
    ...numberOption('timeout', values.timeout, 1000),
  };
  check(options);
  return { help: values.help ?? false, json: values.json, html: values.html, options };
}

function parse(args: readonly string[]): ParsedValues {
  try {
    const { values } = parseArgs({
      // parseArgs knows no option that may have a value or none.
      args: args.map((arg) => (arg === '--json' ? '--json=-' : arg)),
      options: {
        budget: { type: 'string' },
        children: { type: 'string' },
        data: { type: 'string' },
        full: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        html: { type: 'string' },
        json: { type: 'string' },
        module: { type: 'string' },
        methods: { type: 'string', multiple: true },
        payload: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        scale: { type: 'string' },
        sizes: { type: 'string', multiple: true },
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
  budget?: string;
  children?: string;
  data?: string;
  full?: boolean;
  help?: boolean;
  html?: string;
  json?: string;
  module?: string;
  methods?: string[];
  payload?: string[];
  quick?: boolean;
  rounds?: string;
  scale?: string;
  sizes?: string[];
  timeout?: string;
}

function names(given: readonly string[]): string[] {
  return given.flatMap((list) => list.split(',')).filter((name) => name !== '');
}

type NumberOption = 'budget' | 'children' | 'rounds' | 'scale' | 'timeout';

function numberOption(name: NumberOption, text: string | undefined, unit = 1): MeasureOptions {
  if (text === undefined) return {};
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(number)) throw new UsageError(`--${name} needs a number, and is '${text}'`, SEE);
  return { [name]: number * unit };
}

const UNITS: Record<string, number> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };

/** 10MB is 10,000,000. */
function sizeFrom(text: string): number {
  const [, number = '', unit = ''] = /^([\d.]+) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (number === '' || factor === undefined || Number.isNaN(Number(number))) {
    throw new UsageError(`--sizes needs sizes such as 500kB, 10MB or 1GB, and has '${text}'`, SEE);
  }
  return Number(number) * factor;
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
