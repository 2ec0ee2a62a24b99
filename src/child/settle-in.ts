/** A child that is no clone of its parent becomes what it is to be. */
import { countBelow } from '../process/name.js';
import type { ParentProcess } from '../process/parent.js';
import { becomeProcess } from '../process/self.js';
import { inheritStartMethod } from '../start/method.js';
import type { Setup } from '../start/setup.js';

/** In a process that was started afresh. */
export function settleIn(setup: Setup, parent: ParentProcess): void {
  const { name, daemon, method } = setup;
  takeArguments(setup);
  countBelow(name);
  inheritStartMethod(method);
  becomeProcess({ name, daemon, method, parent });
}

/** The main module stays another one: `process.argv[1]` is what programs compare to know whether they are imported. */
export function takeArguments({ argv, title }: Setup): void {
  process.argv.splice(2, Infinity, ...argv);
  if (title !== undefined && process.title !== title) process.title = title;
}
