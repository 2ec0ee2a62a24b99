/** What is to be imported for what arrives from another process: see `MODULES` in ../transfer/shareable.ts. */
export { Connection } from './connection.js';
export { Pipe, type PipeOptions } from './pipe.js';
