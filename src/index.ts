export type { Connection } from './channel/connection.js';
export { JoinableQueue } from './channel/joinable-queue.js';
export type { QueueOptions } from './channel/limits.js';
export { Pipe, type PipeOptions } from './channel/pipe.js';
export { Queue } from './channel/queue.js';
export { SimpleQueue } from './channel/simple-queue.js';
export {
  EOFError,
  type ExitStatus,
  ProcessExitError,
  StartMethodError,
  TimeoutError,
  TransferError,
  WorkerCrashedError,
  ZygoteError,
} from './errors.js';
export type { ElementOf, NumbersOf, NumbersType } from './memory/numbers.js';
export { SharedArray, type SharedArrayOptions } from './memory/shared-array.js';
export {
  SharedMemory,
  type SharedMemoryBuffer,
  type SharedMemoryMode,
  type SharedMemoryOptions,
} from './memory/shared-memory.js';
export { SharedValue } from './memory/shared-value.js';
export type { WordOutcome, WordsArray } from './memory/words.js';
export type { ProcessMemory } from './native/binding.js';
export { type AtForkHooks, registerAtFork } from './start/atfork.js';
export { type Context, getContext } from './start/context.js';
export { forkserver } from './start/forkserver.js';
export { getAllStartMethods, getStartMethod, setStartMethod, type StartMethod } from './start/method.js';
export type { StartOptions } from './start/starter.js';
export type { Stdio, StdioOption } from './start/stdio.js';
export type { ForkStrategy } from './start/strategy.js';
export type { Histogram } from './pool/histogram.js';
export type { MapOptions, PoolOptions, Progress, StreamOptions, TaskOptions } from './pool/options.js';
export { Pool } from './pool/pool.js';
export type { PoolStats } from './pool/stats.js';
export { cpuCount } from './process/cpus.js';
export type { ProcessEvents, ProcessOptions } from './process/options.js';
export type { ParentEvents, ParentProcess } from './process/parent.js';
export { currentProcess, Process } from './process/process.js';
export { activeChildren } from './process/registry.js';
export { isMainProcess, parentProcess } from './process/self.js';
export { snapshot } from './process/snapshot.js';
export { waitAny } from './process/wait-any.js';
export type { WaitOptions } from './process/waiting.js';
export { clearPools, getPool, type HeldPool } from './pool/held.js';
export { forkMap, type ForkMapOptions, type ForkMapProgress } from './pool/fork-map.js';
export type { Clock as SupervisorClock } from './supervisor/clock.js';
export type {
  Job,
  JobExit,
  JobState,
  JobStatus,
  StopPolicy,
  SupervisorEvents,
  SupervisorOptions,
} from './supervisor/options.js';
export type { Backoff, RestartPolicy, RestartWhen } from './supervisor/policy.js';
export { Supervisor } from './supervisor/supervisor.js';
export {
  Barrier,
  type BarrierOptions,
  type BaseLock,
  BoundedSemaphore,
  Condition,
  Event,
  type Guard,
  Lock,
  type LockGuard,
  RLock,
  Semaphore,
  type SemaphoreGuard,
  type SyncWaitOptions,
} from './sync/index.js';
export { define, type Referable, type Reference, reference } from './transfer/reference.js';
export { type Reducer, registerReducer } from './transfer/reducers.js';
