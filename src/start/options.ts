/** Fork options in the form that the addon takes. */
import type { BindingForkOptions } from '../native/binding.js';
import { type ForkStrategy, forkStrategy } from './strategy.js';

/** Longest time that the other threads may take to stand still. Threads inside the kernel need the most. */
const PARK_TIMEOUT = 5000; // ms

/** `sever` takes the parent's connections away from the child, but for the descriptors in `keep`. */
export function forkOptions(
  strategy: ForkStrategy | undefined,
  sever: boolean,
  keep: number[] = [],
): BindingForkOptions {
  const singleThreaded = forkStrategy(strategy) === 'single-threaded';
  return { singleThreaded, parkTimeout: PARK_TIMEOUT, sever, keep, sibling: false };
}
