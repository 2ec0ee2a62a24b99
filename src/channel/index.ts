/** What is to be imported for what arrives from another process: see `MODULES` in ../transfer/shareable.ts. */
export { Connection } from './connection.js';
export { JoinableQueue } from './joinable-queue.js';
export type { QueueOptions } from './limits.js';
export { Pipe, type PipeOptions } from './pipe.js';
export { Queue } from './queue.js';
export { SimpleQueue } from './simple-queue.js';
