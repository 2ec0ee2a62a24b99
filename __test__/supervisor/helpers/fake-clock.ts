import type { SupervisorClock } from 'zygote';

/** A time that stands still until it is told to go on. */
export class FakeClock implements SupervisorClock {
  #now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How long each timer has to go. */
  get waits(): number[] {
    return Array.from(this.#timers, ({ at }) => at - this.#now);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}
