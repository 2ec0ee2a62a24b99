/** How times are distributed, in a few numbers and in steps of an eighth: cheap enough to note every task. */

/** All in milliseconds. */
export interface Histogram {
  count: number;
  min: number;
  max: number;
  mean: number;
  p50: number;
  p90: number;
  p99: number;
}

/** Steps for each doubling. */
const STEPS = 8;
/** Doublings of a microsecond: up to 19 hours. */
const DOUBLINGS = 36;

export class Times {
  readonly #counts = new Float64Array(STEPS * DOUBLINGS);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  /** @param micros microseconds */
  note(micros: number): void {
    this.#count++;
    this.#sum += micros;
    if (micros < this.#min) this.#min = micros;
    if (micros > this.#max) this.#max = micros;
    const step = stepOf(micros);
    this.#counts[step] = (this.#counts[step] as number) + 1;
  }

  summary(): Histogram {
    const ms = (micros: number) => Math.round(micros) / 1000;
    if (this.#count === 0) return { count: 0, min: 0, max: 0, mean: 0, p50: 0, p90: 0, p99: 0 };
    return {
      count: this.#count,
      min: ms(this.#min),
      max: ms(this.#max),
      mean: ms(this.#sum / this.#count),
      p50: ms(this.#percentile(0.5)),
      p90: ms(this.#percentile(0.9)),
      p99: ms(this.#percentile(0.99)),
    };
  }

  /** The upper end of the step that it is in, and nothing outside of what was seen. */
  #percentile(part: number): number {
    let left = this.#count * part;
    const step = this.#counts.findIndex((count) => (left -= count) <= 0);
    return Math.min(Math.max(endOf(step), this.#min), this.#max);
  }
}

/** Up to `STEPS` microseconds the steps are single ones; from there on each doubling has `STEPS`. */
function stepOf(micros: number): number {
  if (micros < STEPS) return Math.max(0, Math.floor(micros));
  const doubling = Math.floor(Math.log2(micros));
  const within = Math.floor((micros / 2 ** doubling - 1) * STEPS);
  return Math.min(STEPS * (doubling - 2) + within, STEPS * DOUBLINGS - 1);
}

function endOf(step: number): number {
  if (step < STEPS) return step + 1;
  const doubling = Math.floor(step / STEPS) + 2;
  return 2 ** doubling * (1 + ((step % STEPS) + 1) / STEPS);
}
