export {
  type ExitStatus,
  ProcessExitError,
  StartMethodError,
  TimeoutError,
  TransferError,
  WorkerCrashedError,
  ZygoteError,
} from './errors.js';
export { type AtForkHooks, registerAtFork } from './start/atfork.js';
export type { ForkStrategy } from './start/strategy.js';
export { cpuCount } from './process/cpus.js';
export { isMainProcess, type ParentProcess, parentProcess } from './process/parent.js';
export { Process, type ProcessEvents, type ProcessMemory, type ProcessOptions } from './process/process.js';
export { activeChildren } from './process/registry.js';
export { snapshot } from './process/snapshot.js';
export type { WaitOptions } from './process/waiting.js';
