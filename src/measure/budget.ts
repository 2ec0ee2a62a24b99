/** Time that is given to what is to be measured, so that all of it ends when it shall. */
import type { ContestantName } from './measurement.js';
import type { PayloadSpec, Point } from './options.js';

/** What takes time besides the turns: data is made, and read by who hands it over. */
export const LOADING = 'loading';

/** How much of the time of the payloads that are left one of them may take beyond its own. */
const SPARE = 0.3;

export type Cost = ContestantName | typeof LOADING;

/** The time of one payload. */
export interface TimeBox {
  /** Until when, by `performance.now()`. Infinity without a budget. */
  until: number;
  /** Milliseconds after that which others can do without. */
  spare: number;
  /** Milliseconds that loading, or one turn of a way, is expected to take; undefined if nothing is known. */
  expected(what: Cost): number | undefined;
  /** Why data of this kind cannot go this way, if that is known. */
  obstacle(contestant: ContestantName): string | undefined;
  cannot(contestant: ContestantName, obstacle: string): void;
  /** It took so long. */
  took(what: Cost, milliseconds: number): void;
}

export class Budget {
  readonly #until: number;
  /** By kind of payload and way: the largest so far. */
  readonly #costs = new Map<string, { size: number; cost: number }>();
  readonly #obstacles = new Map<string, string>();

  constructor(budget: number | undefined) {
    this.#until = performance.now() + (budget ?? Number.POSITIVE_INFINITY);
  }

  /** For the first of the points that are left. What it does not need the others have. */
  box(points: readonly Point[]): TimeBox {
    const [{ spec, weight }] = points as [Point];
    const total = points.reduce((sum, point) => sum + point.weight, 0);
    const left = this.#until - performance.now();
    const size = sizeOf(spec);
    return {
      until: left === Number.POSITIVE_INFINITY ? left : performance.now() + (left * weight) / total,
      spare: Math.max(left, 0) * SPARE,
      expected: (what) => {
        // Of another kind rather than nothing: that is not far off.
        const known =
          this.#costs.get(`${spec.name} ${what}`) ?? (size > 0 ? this.#costs.get(`records ${what}`) : undefined);
        if (known === undefined || known.size === 0) return undefined;
        const base = Math.min(this.#costs.get(`nothing ${what}`)?.cost ?? 0, known.cost);
        return base + ((known.cost - base) * size) / known.size;
      },
      obstacle: (contestant) => this.#obstacles.get(`${spec.name} ${contestant}`),
      cannot: (contestant, obstacle) => this.#obstacles.set(`${spec.name} ${contestant}`, obstacle),
      took: (what, cost) => this.#costs.set(`${spec.name} ${what}`, { size, cost }),
    };
  }
}

/** About how large the cities are. */
const CITIES = 15e6;

/** 0 where it is not known before. */
function sizeOf(spec: PayloadSpec): number {
  if (spec.kind !== 'built-in') return 0;
  return spec.size ?? (spec.name === 'cities' ? CITIES : 0);
}
