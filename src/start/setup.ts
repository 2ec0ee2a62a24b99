/** What a child that is no clone is told of the process that starts it, before it imports anything of the user's. */
import { thisProcess } from '../process/self.js';
import type { StartMethod } from './method.js';
import type { StartOptions } from './starter.js';

/** A spawned child's descriptors: after the standard streams the channel, then its true standard error, then the task's. */
export const CHANNEL = 3;
export const STDERR = 4;
export const FIRST_OF_TASK = 5;

/** The first message to such a child. */
export interface Setup {
  name: string;
  daemon: boolean;
  method: StartMethod;
  parent: { pid: number; name: string };
  /** Of the program, without Node and the main module: that one is another in the child. */
  argv: string[];
  title: string;
  /** Number of descriptors that the task comes with. */
  descriptors: number;
  /** The descriptor of standard error from when everything is imported. */
  stderr?: number;
  /** With the start method `forkserver`, whose children are clones of a process that has its own. */
  place?: { cwd: string; env: Record<string, string>; umask: number };
}

export function setupOf(method: StartMethod, name: string, daemon: boolean, descriptors: number): Setup {
  return {
    name,
    daemon,
    method,
    parent: { pid: process.pid, name: thisProcess().name },
    argv: process.argv.slice(2),
    title: process.title,
    descriptors,
  };
}

/** Where this process is, as of now. */
export function placeOf({ cwd, env }: StartOptions): NonNullable<Setup['place']> {
  return {
    cwd: cwd ?? process.cwd(),
    env: env ?? ({ ...process.env } as Record<string, string>),
    umask: process.umask(),
  };
}
