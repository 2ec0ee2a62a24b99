/** The raw thing: `fork`, `waitpid`, `_exit`, as POSIX has them, for a process that runs JavaScript. */
export { type AtForkHooks, registerAtFork } from '../start/atfork.js';
export type { ForkStrategy } from '../start/strategy.js';
export { type ExitStatus } from '../errors.js';
export { _exit } from './exit.js';
export { fork, type ForkOptions } from './fork.js';
export { waitpid, type WaitOptions } from './waitpid.js';
