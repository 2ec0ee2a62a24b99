/** How what a way costs grows with the data, and where two ways cost the same. */
import type { ContestantName, MeasuredContestant, MeasuredPayload, Measurement } from './measurement.js';
import { CONTESTANT_NAMES } from './ways.js';

/** Cost = `fixed` + `perByte` × size, in milliseconds and bytes. */
export interface Line {
  fixed: number;
  perByte: number;
}

/** A cost at several sizes. */
export interface Series {
  name: ContestantName;
  points: { bytes: number; contestant: MeasuredContestant }[];
}

/** Payloads of one kind, from small to large; `nothing` is before the first of them. */
export interface Growth {
  kind: string;
  payloads: MeasuredPayload[];
  series: Series[];
}

/** What is measured of a way, in milliseconds. */
export type Cost = (contestant: MeasuredContestant) => number;

export const usable: Cost = (contestant) => contestant.usable.median;
/** Until the child has also read all of it. */
export const usableAndRead: Cost = (contestant) => contestant.usable.median + contestant.read.median;

/** Of each kind of payload that has a size. */
export function growths({ payloads }: Measurement): Growth[] {
  const measured = payloads.filter((payload) => payload.status === 'measured');
  const nothing = measured.find(({ name }) => name === 'nothing');
  const sized = measured.filter(({ name, bytes }) => name !== 'nothing' && bytes !== undefined);
  const kinds = [...new Set(sized.map(({ name }) => name))];
  return kinds.map((kind) => {
    const own = sized.filter(({ name }) => name === kind).toSorted((a, b) => (a.bytes ?? 0) - (b.bytes ?? 0));
    const all = nothing === undefined ? own : [{ ...nothing, bytes: 0 }, ...own];
    return { kind, payloads: own, series: CONTESTANT_NAMES.flatMap((name) => seriesOf(name, all)) };
  });
}

function seriesOf(name: ContestantName, payloads: readonly MeasuredPayload[]): Series[] {
  const points = payloads.flatMap(({ bytes = 0, contestants }) => {
    const contestant = contestants.find((one) => one.name === name);
    return contestant?.status === 'measured' ? [{ bytes, contestant }] : [];
  });
  return points.some(({ bytes }) => bytes > 0) ? [{ name, points }] : [];
}

/**
 * The line through the medians: least squares of the relative deviations, so that a small size counts as much as a large one.
 * Nothing if there are less than two sizes. Neither number is negative: data does not make a start cheaper.
 */
export function lineOf({ points }: Series, cost: Cost): Line | undefined {
  const readings = points.map(({ bytes, contestant }) => ({ x: bytes, y: cost(contestant) }));
  if (new Set(readings.map(({ x }) => x)).size < 2 || readings.some(({ y }) => y <= 0)) return undefined;
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const { x, y } of readings) {
    const weight = 1 / y ** 2;
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const perByte = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  if (perByte < 0) return { fixed: wy / w, perByte: 0 };
  const fixed = (wy - perByte * wx) / w;
  return fixed < 0 ? { fixed: 0, perByte: wxy / wxx } : { fixed, perByte };
}

/**
 * Up to which size the first, whose slope is the greater one, costs less than the second: 0 if at none, infinity if at all.
 * With the smaller slope: infinity if it costs less at all sizes, else 0.
 */
export function cheaperUpTo(first: Line, second: Line): number {
  const steeper = first.perByte - second.perByte;
  const dearer = first.fixed - second.fixed;
  if (steeper <= 0) return dearer <= 0 ? Number.POSITIVE_INFINITY : 0;
  return Math.max(-dearer / steeper, 0);
}
