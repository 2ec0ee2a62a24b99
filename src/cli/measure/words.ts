/** What the figures say, in sentences. */
import type { ContestantName, MeasuredContestant, MeasuredPayload, Measurement } from '../../measure/index.js';
import { cheaperUpTo, growths, lineOf, usable, usableAndRead, type Growth } from '../../measure/growth.js';
import { WAYS } from '../../measure/ways.js';
import { megabytes, number, rate, sizeText } from './format.js';
import { inWords } from './names.js';

/** What inheriting costs, and what serializing costs, here: a sentence each. */
export function answers(measurement: Measurement): string[] {
  const payload = mainPayload(measurement);
  if (payload === undefined) return [];
  const growth = growths(measurement).find(({ kind }) => kind === payload.name);
  const inheriting = find(payload, ['fork', 'fork-prepared', 'forkserver-preloaded']);
  const serializing = cheapestSerializing(payload);
  return [
    inheriting === undefined
      ? `Inheriting ${shortTitle(payload)} was not measured here, or cannot be done.`
      : `Inheriting ${shortTitle(payload)} costs ${costs(inheriting, growth)}.`,
    serializing === undefined
      ? `Serializing ${shortTitle(payload)} was not measured here, or cannot be done.`
      : `Serializing the same costs ${costs(serializing, growth)}${comparison(inheriting, serializing)}.`,
  ];
}

/** The user's own data; else the most of what is measured in most ways. */
function mainPayload({ payloads }: Measurement): MeasuredPayload | undefined {
  const measured = payloads.filter((payload) => payload.status === 'measured');
  const own = measured.find(({ name }) => !['nothing', 'records', 'buffer', 'map', 'cities'].includes(name));
  const inBothWays = measured.filter(
    (payload) => payload.name !== 'nothing' && cheapestSerializing(payload) && find(payload, INHERITED),
  );
  const records = inBothWays.filter(({ name }) => name === 'records');
  return own ?? records.at(-1) ?? inBothWays.at(-1) ?? measured.find(({ name }) => name !== 'nothing');
}

const INHERITED: readonly ContestantName[] = ['fork', 'fork-prepared', 'forkserver-preloaded'];

function find(payload: MeasuredPayload, names: readonly ContestantName[]): MeasuredContestant | undefined {
  const measured = payload.contestants.filter((contestant) => contestant.status === 'measured');
  return names.flatMap((name) => measured.find((one) => one.name === name) ?? [])[0];
}

/** Into a child that is new too. */
function cheapestSerializing({ contestants }: MeasuredPayload): MeasuredContestant | undefined {
  return contestants
    .filter((contestant) => contestant.status === 'measured')
    .filter(({ name }) => {
      const { handing, start, family } = WAYS[name];
      return handing === 'serialized' && start !== 'running' && family !== 'python';
    })
    .toSorted((a, b) => a.usable.median - b.usable.median)[0];
}

/** 7.9 ms by fork until the child can use it (6.2 ms and 0.04 ms per MB), … */
function costs(contestant: MeasuredContestant, growth: Growth | undefined): string {
  const { memory, read, blocked } = contestant;
  const { scatter, write100 } = memory;
  const written = [
    ...(scatter === undefined
      ? []
      : [`${megabytes(scatter.privateDirty.median)} MB once it has written every tenth value`]),
    ...(write100 === undefined ? [] : [`${megabytes(write100.privateDirty.median)} MB all of them`]),
  ];
  const line = lineFor(growth, contestant.name);
  const parts = [
    `${number(contestant.usable.median)} ms by ${inWords(contestant.name)} until the child can use it${line}`,
    `${number(read.median)} ms to read all of it`,
    `${number(blocked.median)} ms in which the parent serves nobody`,
    `and ${megabytes(memory.read.privateDirty.median)} MB of memory that the child has for itself after reading` +
      (written.length === 0 ? '' : ` (${written.join(', ')})`),
  ];
  return parts.join(', ');
}

function lineFor(growth: Growth | undefined, name: ContestantName): string {
  const series = growth?.series.find((one) => one.name === name);
  const line = series && lineOf(series, usable);
  return line === undefined ? '' : ` (${number(line.fixed)} ms, and ${rate(line.perByte * 1e6)} ms for each MB)`;
}

/** Smaller differences are not spoken of. */
const NOTABLE = 1.05;

function comparison(inheriting: MeasuredContestant | undefined, serializing: MeasuredContestant): string {
  if (inheriting === undefined) return '';
  const ratio = serializing.usable.median / inheriting.usable.median;
  if (ratio < NOTABLE && ratio > 1 / NOTABLE) return ': about the same time';
  return ratio > 1
    ? `: ${number(ratio)} times as long as inheriting`
    : `: it takes ${number(1 / ratio)} times less than inheriting`;
}

/** Up to which size serializing costs less than inheriting, for each kind of data. */
export function crossovers(measurement: Measurement): string[] {
  return growths(measurement).flatMap((growth) => {
    const fork = growth.series.find(({ name }) => name === 'fork');
    const ours = fork && lineOf(fork, usableAndRead);
    if (ours === undefined) return [];
    const sentences = (['message', 'clone', 'ipc', 'advanced'] as const).flatMap((name) => {
      const series = growth.series.find((one) => one.name === name);
      const theirs = series && lineOf(series, usableAndRead);
      return theirs === undefined ? [] : [`${whereCheaper(cheaperUpTo(theirs, ours))} ${inWords(name)}`];
    });
    if (sentences.length === 0) return [];
    return [`${growth.kind}, until the child has read all of it: ${sentences.join('; ')}.`];
  });
}

function whereCheaper(limit: number): string {
  if (limit === 0) return 'at every size a fork is cheaper than';
  if (limit === Number.POSITIVE_INFINITY) return 'at no size is a fork cheaper than';
  return `only above ${sizeText(limit)} is a fork cheaper than`;
}

function shortTitle({ title }: MeasuredPayload): string {
  return title.replace(/, from the package .*/, '');
}
