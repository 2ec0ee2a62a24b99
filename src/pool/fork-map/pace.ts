/** How many items a worker takes at once. */

/** So long a chunk should take: enough that taking and reporting it cost little, too little to wait for at the end. */
const AIM = 10; // ms
/** A chunk is at most so many times as large as the one before: the first items may have been the quick ones. */
const GROWTH = 4;
/** Of items that take no time at all. */
const MOST = 2 ** 18;

/** Adapts the size of chunks to the time that the items take. */
export class Pace {
  size: number;

  /** @param fixed a size that does not change. */
  constructor(private readonly fixed?: number) {
    this.size = fixed ?? 1;
  }

  /** Tells how long the last chunk has taken. */
  took(items: number, ms: number): void {
    if (this.fixed !== undefined) return;
    const fitting = ms > 0 ? Math.round((items * AIM) / ms) : MOST;
    this.size = Math.max(1, Math.min(fitting, GROWTH * this.size, MOST));
  }
}
