/** The time that a supervisor goes by, so that tests can have one of their own. */
export interface Clock {
  /** Milliseconds since any moment. */
  now(): number;
  /** Calls back once, after `ms`, unless the function returned is called before. */
  after(ms: number, callback: () => void): () => void;
}

/** Longer waits than a timer takes. */
const LONGEST = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, LONGEST));
    return () => clearTimeout(timer);
  },
};
