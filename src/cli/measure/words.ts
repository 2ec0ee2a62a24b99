/** What the figures say, in sentences. */
import type { ContestantName, MeasuredContestant, MeasuredPayload, Measurement } from '../../measure/index.js';
import { megabytes, number, times } from './format.js';
import { inWords } from './names.js';

/** A sentence or more for each payload, from what was measured in this run. */
export function conclusions({ payloads }: Measurement): string[] {
  return payloads.filter((payload) => payload.status === 'measured').flatMap(conclude);
}

function conclude(payload: MeasuredPayload): string[] {
  const measured = payload.contestants.filter((contestant) => contestant.status === 'measured');
  const fork = measured.find(({ name }) => name === 'fork') ?? measured.find(({ name }) => name === 'fork-prepared');
  if (fork === undefined) return [];
  const others = measured.filter(({ name }) => name !== 'fork' && name !== 'fork-prepared');
  // The closest thing to fork that carries any data; else whatever there is.
  const rival = preferred
    .map((name) => others.find((other) => other.name === name))
    .find((other) => other !== undefined);
  if (rival === undefined) return [];
  const rest = others.filter((other) => other !== rival);
  const isEmpty = payload.name === 'nothing';
  const parts = [
    `${isEmpty ? 'up' : 'usable in the child'} after ${against(fork, rival, (one) => one.usable.median, ['sooner', 'later'])}` +
      listed(rest, (one) => `${number(one.usable.median)} ms`),
    `the parent is blocked for ${against(fork, rival, (one) => one.blocked.median, ['shorter', 'longer'])}`,
  ];
  if (!isEmpty) {
    parts.push(
      `reading all of it takes ${against(fork, rival, (one) => one.read.median, ['faster', 'slower'])}`,
      memoryPart(fork, rival),
    );
  }
  return [`${isEmpty ? 'a child without data' : shortTitle(payload)}: ${parts.join('; ')}.`];
}

const preferred: ContestantName[] = ['clone', 'advanced', 'json', 'shared'];

function shortTitle({ title }: MeasuredPayload): string {
  return title.replace(/, from the package .*/, '');
}

/** Smaller differences are not spoken of. */
const NOTABLE = 1.05;

/** 3.94 ms by fork against 1,213 ms by structured clone (308x sooner) */
function against(
  fork: MeasuredContestant,
  rival: MeasuredContestant,
  pick: (contestant: MeasuredContestant) => number,
  [less, more]: [string, string],
): string {
  const ours = pick(fork);
  const theirs = pick(rival);
  const result = `${number(ours)} ms by ${inWords[fork.name]} against ${number(theirs)} ms by ${inWords[rival.name]}`;
  const ratio = Math.max(ours / theirs, theirs / ours);
  return ratio < NOTABLE ? result : `${result} (${times(ratio)} ${ours < theirs ? less : more})`;
}

function listed(rest: readonly MeasuredContestant[], text: (contestant: MeasuredContestant) => string): string {
  return rest.map((one) => `, ${text(one)} by ${inWords[one.name]}`).join('');
}

function memoryPart(fork: MeasuredContestant, rival: MeasuredContestant): string {
  const whose = rival.memory.of === 'growth' ? 'the thread adds' : 'the other child has';
  return `after that the forked child has ${own(fork)} MB of memory of its own, and ${whose} ${own(rival)} MB`;
}

function own({ memory }: MeasuredContestant): string {
  return megabytes(memory.read.privateDirty.median);
}
