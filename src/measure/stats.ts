/** Statistics of a handful of readings. */

/** What a number was over the rounds. Its unit is that of the readings. */
export interface Summary {
  median: number;
  /** The first and the third quartile: half of the readings lie between them. */
  q1: number;
  q3: number;
  min: number;
  max: number;
  /** The readings, in the order of the rounds. */
  values: number[];
}

/** At least one reading is needed. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('there is nothing to summarize: give at least one value');
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    values: [...values],
  };
}

/** Half of the interquartile range: a spread that one reading gone wrong does not change. */
export function spread(summary: Summary): number {
  return (summary.q3 - summary.q1) / 2;
}

/** Interpolates between the two nearest readings, as R and NumPy do unless told otherwise. */
function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}
