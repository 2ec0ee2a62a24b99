/** All that processes synchronize with. */
export { Barrier, type BarrierOptions } from './barrier.js';
export { Condition } from './condition.js';
export { Event } from './event.js';
export { Guard } from './guard.js';
export { BaseLock, Lock, LockGuard, RLock } from './lock.js';
export { BoundedSemaphore, Semaphore, SemaphoreGuard } from './semaphore.js';
export type { SyncWaitOptions } from './settle.js';
