/** Puts measurements side by side. */
import {
  CONTESTANT_NAMES,
  type ContestantName,
  type MeasuredContestant,
  type Measurement,
} from '../../measure/index.js';
import type { MeasuredPayload } from '../../measure/measurement.js';

/** A measurement, and what it is called among the others. */
export interface Labelled {
  label: string;
  measurement: Measurement;
}

/** The same payload in several measurements. */
export interface Compared {
  title: string;
  rows: ComparedWay[];
}

export interface ComparedWay {
  name: ContestantName;
  /** Of each measurement, in their order; nothing where it was not measured. */
  cells: (MeasuredContestant | undefined)[];
}

/** Names them after what differs: the system, Node's version, the machine; else after the given names, such as those of files. */
export function labelled(measurements: readonly Measurement[], names: readonly string[]): Labelled[] {
  const facts: ((measurement: Measurement) => string)[] = [
    ({ environment }) => environment.os,
    ({ environment }) => `Node ${environment.node}`,
    ({ environment }) => environment.cpu,
    ({ environment }) => `zygote ${environment.zygote}`,
  ];
  const differing = facts.filter((fact) => new Set(measurements.map(fact)).size > 1);
  const labels = measurements.map((measurement) => differing.map((fact) => fact(measurement)).join(', '));
  const areDistinct = new Set(labels).size === labels.length && measurements.length > 1;
  return measurements.map((measurement, at) => ({ label: (areDistinct ? labels[at] : names[at]) ?? '', measurement }));
}

/** Sizes that differ by less are the same. */
const SAME = 0.02;

/** Payloads that at least two of the measurements have, of the same kind and size. */
export function comparedPayloads(measurements: readonly Measurement[]): Compared[] {
  const found: { first: MeasuredPayload; each: (MeasuredPayload | undefined)[] }[] = [];
  measurements.forEach(({ payloads }, at) => {
    for (const payload of payloads) {
      if (payload.status !== 'measured') continue;
      let entry = found.find(({ first, each }) => each[at] === undefined && isSame(first, payload));
      if (entry === undefined) {
        entry = { first: payload, each: Array.from({ length: measurements.length }) };
        found.push(entry);
      }
      entry.each[at] = payload;
    }
  });
  return found
    .filter(({ each }) => each.filter((payload) => payload !== undefined).length > 1)
    .map(({ first, each }) => ({ title: first.title, rows: rowsOf(each) }));
}

function isSame(one: MeasuredPayload, other: MeasuredPayload): boolean {
  if (one.name !== other.name) return false;
  if (one.bytes === undefined || other.bytes === undefined) return one.title === other.title;
  return Math.abs(one.bytes - other.bytes) <= SAME * one.bytes;
}

function rowsOf(payloads: readonly (MeasuredPayload | undefined)[]): ComparedWay[] {
  return CONTESTANT_NAMES.flatMap((name) => {
    const cells = payloads.map((payload) => {
      const contestant = payload?.contestants.find((one) => one.name === name);
      return contestant?.status === 'measured' ? contestant : undefined;
    });
    return cells.every((cell) => cell === undefined) ? [] : [{ name, cells }];
  });
}

/** What is compared of each way. */
export const COMPARED: readonly {
  title: string;
  unit: 'ms' | 'MB';
  pick: (contestant: MeasuredContestant) => number;
}[] = [
  { title: 'usable, ms', unit: 'ms', pick: ({ usable }) => usable.median },
  { title: 'reading, ms', unit: 'ms', pick: ({ read }) => read.median },
  { title: 'parent blocked, ms', unit: 'ms', pick: ({ blocked }) => blocked.median },
  { title: 'own when read, MB', unit: 'MB', pick: ({ memory }) => memory.read.privateDirty.median },
];
