/** How a constructor learns that it is to make an object of what has arrived, and not a new one. */

let arrived: number[] | undefined;

/** The descriptors of what has arrived, once; undefined for a new object. */
export function takeArrived(): number[] | undefined {
  const descriptors = arrived;
  arrived = undefined;
  return descriptors;
}

/** Calls `make`, whose constructor takes the descriptors. */
export function withArrived<T>(descriptors: number[], make: () => T): T {
  arrived = descriptors;
  return make();
}
