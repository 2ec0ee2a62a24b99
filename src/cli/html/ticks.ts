/** Ticks of logarithmic axes. */

/** 1, 10, 100; of a domain with less than two of them 1, 2, 5, 10, 20, 50. */
export function decades([low, high]: readonly [number, number]): number[] {
  const from = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, at) => 10 ** (from + at));
  const inside = (ticks: readonly number[]): number[] => ticks.filter((tick) => tick >= low && tick <= high);
  const whole = inside(powers);
  return whole.length > 1 ? whole : inside(powers.flatMap((power) => [power, 2 * power, 5 * power]));
}
