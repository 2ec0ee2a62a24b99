/** The ways to start a process, and which of them this system has. */
import { StartMethodError } from '../errors.js';

/**
 * `fork` clones this process as it is. `forkserver` forks a process that has imported the modules it was told to. `spawn`
 * starts Node afresh.
 */
export type StartMethod = 'fork' | 'forkserver' | 'spawn';

const METHODS: Partial<Record<NodeJS.Platform, StartMethod[]>> = {
  linux: ['fork', 'forkserver', 'spawn'],
  win32: ['spawn'],
};

/** Of this system, the default first. */
export function getAllStartMethods(): StartMethod[] {
  return [...(METHODS[process.platform] ?? ['forkserver', 'spawn', 'fork'])];
}

let chosen: StartMethod | undefined;
/** In a child: the method that it was started with. */
let inherited: StartMethod | undefined;

/** The start method of processes that are given none. In a child it is the one that the child was started with. */
export function getStartMethod(): StartMethod {
  return chosen ?? inherited ?? (getAllStartMethods()[0] as StartMethod);
}

/**
 * Sets the start method of processes that are given none. Once: what has been started before and after it should not differ by
 * accident. `force` sets it again.
 *
 * @throws StartMethodError where this system does not have the method, or one was set before.
 */
export function setStartMethod(method: StartMethod, options: { force?: boolean } = {}): void {
  assertStartMethod(method);
  if (chosen !== undefined && chosen !== method && !options.force) {
    throw new StartMethodError(
      `the start method has been set to "${chosen}" already. Set it once, in the main module, or pass { force: true }`,
    );
  }
  chosen = method;
}

/** In a child: the method that it was started with goes for its own children. */
export function inheritStartMethod(method: StartMethod): void {
  inherited = method;
  chosen = undefined;
}

/** @throws StartMethodError for a method that does not exist, or not on this system. */
export function assertStartMethod(method: unknown): asserts method is StartMethod {
  const available = getAllStartMethods();
  if (available.includes(method as StartMethod)) return;
  if (method === 'fork' || method === 'forkserver') {
    throw new StartMethodError(`Windows has no fork, so the start method "${method}" does not exist here: use "spawn"`);
  }
  const names = available.map((name) => `"${name}"`).join(', ');
  throw new StartMethodError(`there is no start method ${JSON.stringify(method)}; this system has ${names}`);
}
