/** What `measure()` can be told, and what it does when it is told nothing. */
import { ZygoteError } from '../errors.js';
import type { PayloadMeasurement } from './measurement.js';
import { CONTESTANT_NAMES, GROUPS, waysNamed, type ContestantName } from './ways.js';

export interface MeasureOptions {
  /** Built-in payloads. By default all of them, or none if there is `data` or a `module`; some, if `quick`. */
  payloads?: readonly PayloadName[];
  /** Sizes of the built-in payloads that can have any, in bytes as structured clone serializes them. */
  sizes?: readonly number[];
  /** Your own data: the path of a JSON file. */
  data?: string;
  /** Your own data: `path#export` of a module. The export is the data, or a function that gives it or a promise of it. */
  module?: string;
  /** Ways to hand data to a child, and groups of them. By default all. */
  methods?: readonly string[];
  /** How often each way is tried with each payload at most, after once to warm up. 10 by default, 5 if `quick`. */
  rounds?: number;
  /** Sizes of the built-in payloads are multiplied by it. 1 by default. */
  scale?: number;
  /** Milliseconds within which all shall be measured: what is dear is measured less often, or left out. Default: see `quick`. */
  budget?: number;
  /** A first impression, of small data: a budget of 30 seconds in place of 140. */
  quick?: boolean;
  /** All sizes up to 1 GB, all rounds, and no budget: takes long, and gigabytes of memory. */
  full?: boolean;
  /** How many children are measured together. 4 by default. */
  children?: number;
  /** Milliseconds within which a child must have done everything, else it is ended and its way given up. 60,000 by default. */
  timeout?: number;
  /** Called before each turn of a contestant. */
  onProgress?: (progress: Progress) => void;
  /** Called with each payload as soon as it is measured. */
  onPayload?: (payload: PayloadMeasurement) => void;
  /** Ends the measurement, and the processes that it has started. */
  signal?: AbortSignal;
}

export type PayloadName = 'records' | 'buffer' | 'map' | 'cities';

export const PAYLOAD_NAMES: readonly PayloadName[] = ['records', 'buffer', 'map', 'cities'];

export interface Progress {
  /** Its kind, and its size where there are several. */
  payload: string;
  /** Missing while the data is being loaded. */
  contestant?: ContestantName;
  /** 0 is the round to warm up. Missing where several children are measured together. */
  round?: number;
  rounds: number;
}

/** Options with everything decided. */
export interface Plan {
  points: Point[];
  methods: ContestantName[];
  rounds: number;
  /** In how many of them children go on after they have read the data. */
  lives: number;
  scale: number;
  budget: number | undefined;
  children: number;
  timeout: number;
}

/** One payload of one size. */
export interface Point {
  spec: PayloadSpec;
  /** Its part of the budget, to be compared with that of others. */
  weight: number;
  /** How often several children at once are measured. */
  together: number;
}

/** Where data comes from. It can be written as JSON: the data is made or loaded in the process that measures it. */
export type PayloadSpec =
  | { kind: 'built-in'; name: PayloadName; size?: number }
  | { kind: 'file'; name: string; path: string }
  | { kind: 'module'; name: string; path: string; export: string }
  | { kind: 'nothing'; name: 'nothing' };

interface Profile {
  payloads: readonly PayloadName[];
  /** Those of cities is the one that they have. */
  sizes: Record<Exclude<PayloadName, 'cities'>, readonly number[]>;
  rounds: number;
  lives: number;
  budget?: number;
  together: number;
}

const MB = 1_000_000;
const USUAL: Profile = {
  payloads: PAYLOAD_NAMES,
  sizes: { records: [MB, 10 * MB, 44.9 * MB], buffer: [MB, 10 * MB, 100 * MB, 1000 * MB], map: [19.9 * MB] },
  rounds: 10,
  lives: 3,
  budget: 140_000,
  together: 1,
};
const QUICK: Profile = {
  payloads: ['records', 'buffer'],
  sizes: { records: [0.1 * MB, MB, 4.49 * MB], buffer: [0.1 * MB, MB, 10 * MB], map: [2 * MB] },
  rounds: 5,
  lives: 1,
  budget: 30_000,
  together: 1,
};
const DECADES = [MB, 10 * MB, 100 * MB, 1000 * MB];
const FULL: Profile = {
  payloads: PAYLOAD_NAMES,
  sizes: { records: DECADES, buffer: DECADES, map: DECADES.slice(0, 3) },
  rounds: 10,
  lives: 10,
  together: 3,
};

const CHILDREN = 4;
const TIMEOUT = 60_000;
/** In a full run a gigabyte of objects takes longer than that. */
const FULL_TIMEOUT = 300_000;

/** @throws ZygoteError `ERR_ZYGOTE_MEASURE_OPTION` */
export function planFrom(options: MeasureOptions): Plan {
  const { quick = false, full = false } = options;
  if (quick && full) throw optionError('quick and full exclude each other');
  let profile = USUAL;
  if (quick) profile = QUICK;
  if (full) profile = FULL;
  // Who says how many rounds wants them all.
  const budget = options.budget ?? (options.rounds === undefined ? profile.budget : undefined);
  return {
    points: pointsFrom(options, profile),
    methods: options.methods === undefined ? [...CONTESTANT_NAMES] : methodsFrom(options.methods),
    rounds: positive('rounds', options.rounds ?? profile.rounds, Number.isInteger),
    lives: options.rounds ?? profile.lives,
    scale: positive('scale', options.scale ?? 1),
    budget: budget === undefined ? undefined : positive('budget', budget),
    children: positive('children', options.children ?? CHILDREN, Number.isInteger),
    timeout: positive('timeout', options.timeout ?? (full ? FULL_TIMEOUT : TIMEOUT)),
  };
}

function pointsFrom(options: MeasureOptions, profile: Profile): Point[] {
  const { data, module } = options;
  const own = [...(data === undefined ? [] : [fileSpec(data)]), ...(module === undefined ? [] : [moduleSpec(module)])];
  const names = known('payload', options.payloads ?? (own.length === 0 ? profile.payloads : []), PAYLOAD_NAMES);
  for (const size of options.sizes ?? []) positive('sizes', size);
  const points: Point[] = [{ spec: { kind: 'nothing', name: 'nothing' }, weight: weightOf(0), together: 0 }];
  for (const spec of own) points.push({ spec, weight: weightOf(50 * MB), together: profile.together });
  for (const name of names) {
    if (name === 'cities') {
      points.push({ spec: { kind: 'built-in', name }, weight: weightOf(15 * MB), together: 0 });
      continue;
    }
    const sizes = [...new Set(options.sizes ?? profile.sizes[name])].toSorted((a, b) => a - b);
    // Together where that is worth the time: with much data, but not with the most if that is much more.
    const most = sizes.findLast((size) => size <= 100 * MB) ?? sizes[0];
    for (const size of sizes) {
      const isTogether = name !== 'map' && size === most;
      points.push({
        spec: { kind: 'built-in', name, size },
        weight: weightOf(name === 'buffer' ? size / 5 : size),
        together: isTogether ? profile.together : 0,
      });
    }
  }
  return points;
}

/** Children take some time with any data, and more with more. */
function weightOf(bytes: number): number {
  return 2.5 + Math.min(bytes, 40 * MB) / (7 * MB);
}

function methodsFrom(given: readonly string[]): ContestantName[] {
  const { names, unknown } = waysNamed(given);
  if (unknown.length > 0) {
    const all = [...CONTESTANT_NAMES, ...GROUPS].join(', ');
    throw optionError(`there is no method '${unknown[0]}'; there are: ${all}`);
  }
  if (names.length === 0) throw optionError('methods names no way to hand over data');
  return names;
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
