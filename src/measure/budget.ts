/** Time that is given to what is to be measured, so that all of it ends when it shall. */
import type { ContestantName } from './measurement.js';
import type { Point } from './options.js';

/** The time of one payload. */
export interface TimeBox {
  /** Until when, by `performance.now()`. Infinity without a budget. */
  until: number;
  /** Milliseconds that one turn of a way is expected to take; undefined if nothing is known. */
  expected(contestant: ContestantName): number | undefined;
  /** One turn took so long. */
  took(contestant: ContestantName, milliseconds: number): void;
}

export class Budget {
  readonly #until: number;
  /** By kind of payload and way: the largest so far. */
  readonly #costs = new Map<string, { size: number; cost: number }>();

  constructor(budget: number | undefined) {
    this.#until = performance.now() + (budget ?? Number.POSITIVE_INFINITY);
  }

  /** For the first of the points that are left. What it does not need the others have. */
  box(points: readonly Point[]): TimeBox {
    const [{ spec, weight }] = points as [Point];
    const total = points.reduce((sum, point) => sum + point.weight, 0);
    const left = this.#until - performance.now();
    const size = 'size' in spec ? (spec.size ?? 0) : 0;
    const keyOf = (contestant: ContestantName): string => `${spec.name} ${contestant}`;
    return {
      until: left === Number.POSITIVE_INFINITY ? left : performance.now() + (left * weight) / total,
      expected: (contestant) => {
        const known = this.#costs.get(keyOf(contestant));
        if (known === undefined || known.size === 0) return undefined;
        const fixed = Math.min(this.#costs.get(`nothing ${contestant}`)?.cost ?? 0, known.cost);
        return fixed + ((known.cost - fixed) * size) / known.size;
      },
      took: (contestant, cost) => this.#costs.set(keyOf(contestant), { size, cost }),
    };
  }
}
