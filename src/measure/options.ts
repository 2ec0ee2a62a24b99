/** What `measure()` can be told, and what it does when it is told nothing. */
import { ZygoteError } from '../errors.js';
import type { ContestantName, PayloadMeasurement } from './measurement.js';

export interface MeasureOptions {
  /** Built-in payloads. By default all of them, or none if there is `data` or a `module`. */
  payloads?: readonly PayloadName[];
  /** Your own data: the path of a JSON file. */
  data?: string;
  /** Your own data: `path#export` of a module. The export is the data, or a function that gives it or a promise of it. */
  module?: string;
  /** Ways to hand data to a child. By default all. */
  only?: readonly ContestantName[];
  /** How often each way is tried with each payload, after one round to warm up. 10 by default, 3 if `quick`. */
  rounds?: number;
  /** Sizes of the built-in payloads are multiplied by it. 1 by default, 0.1 if `quick`. */
  scale?: number;
  /** Fewer rounds and smaller payloads: a first impression within some seconds. */
  quick?: boolean;
  /** Milliseconds within which a child must have done everything, else it is ended and its way given up. 60,000 by default. */
  timeout?: number;
  /** Called before each turn of a contestant. */
  onProgress?: (progress: Progress) => void;
  /** Called with each payload as soon as it is measured. */
  onPayload?: (payload: PayloadMeasurement) => void;
  /** Ends the measurement, and the processes that it has started. */
  signal?: AbortSignal;
}

export type PayloadName = 'cities' | 'records' | 'map' | 'buffer';

export const PAYLOAD_NAMES: readonly PayloadName[] = ['cities', 'records', 'map', 'buffer'];
export const CONTESTANT_NAMES: readonly ContestantName[] = [
  'fork',
  'fork-prepared',
  'clone',
  'json',
  'advanced',
  'shared',
];

export interface Progress {
  payload: string;
  /** Missing while the data is being loaded. */
  contestant?: ContestantName;
  /** 0 is the round to warm up. */
  round: number;
  rounds: number;
}

/** Options with everything decided. */
export interface Plan {
  payloads: PayloadSpec[];
  only: ContestantName[];
  rounds: number;
  scale: number;
  timeout: number;
}

/** Where data comes from. It can be written as JSON: the data is made or loaded in the process that measures it. */
export type PayloadSpec =
  | { kind: 'built-in'; name: PayloadName }
  | { kind: 'file'; name: string; path: string }
  | { kind: 'module'; name: string; path: string; export: string }
  | { kind: 'nothing'; name: 'nothing' };

const ROUNDS = 10;
const QUICK_ROUNDS = 3;
const QUICK_SCALE = 0.1;
const TIMEOUT = 60_000;

/** @throws ZygoteError `ERR_ZYGOTE_MEASURE_OPTION` */
export function planFrom(options: MeasureOptions): Plan {
  const { data, module, quick = false } = options;
  const own = [...(data === undefined ? [] : [fileSpec(data)]), ...(module === undefined ? [] : [moduleSpec(module)])];
  const builtIn = options.payloads ?? (own.length === 0 ? PAYLOAD_NAMES : []);
  return {
    payloads: [
      ...own,
      ...known('payload', builtIn, PAYLOAD_NAMES).map((name) => ({ kind: 'built-in', name }) as const),
      { kind: 'nothing', name: 'nothing' },
    ],
    only: options.only === undefined ? [...CONTESTANT_NAMES] : known('contestant', options.only, CONTESTANT_NAMES),
    rounds: positive('rounds', options.rounds ?? (quick ? QUICK_ROUNDS : ROUNDS), Number.isInteger),
    scale: positive('scale', options.scale ?? (quick ? QUICK_SCALE : 1)),
    timeout: positive('timeout', options.timeout ?? TIMEOUT),
  };
}

function fileSpec(path: string): PayloadSpec {
  return { kind: 'file', name: path, path };
}

/** `./mine.js#load` is the export `load` of `./mine.js`; without a `#` it is the default export. */
function moduleSpec(given: string): PayloadSpec {
  const at = given.lastIndexOf('#');
  if (at === -1) return { kind: 'module', name: given, path: given, export: 'default' };
  const name = given.slice(at + 1);
  if (name === '') throw optionError(`there is no name after the '#' in '${given}'; write for example ./mine.js#load`);
  return { kind: 'module', name: given, path: given.slice(0, at), export: name };
}

function known<Name extends string>(what: string, given: readonly string[], names: readonly Name[]): Name[] {
  for (const name of given) {
    if (!names.includes(name as Name))
      throw optionError(`there is no ${what} '${name}'; there are: ${names.join(', ')}`);
  }
  // In the order of the table, and each once.
  return names.filter((name) => given.includes(name));
}

function positive(name: string, value: number, fits: (value: number) => boolean = Number.isFinite): number {
  if (fits(value) && value > 0) return value;
  const what = fits === Number.isInteger ? 'a whole number' : 'a number';
  throw optionError(`${name} must be ${what} above 0, and is ${value}`);
}

function optionError(message: string): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_MEASURE_OPTION', message);
}
