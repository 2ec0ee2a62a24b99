/** What a child that is no clone is told of the process that starts it, before it imports anything of the user's. */
import { thisProcess } from '../process/self.js';
import type { Pickled } from '../transfer/pickle.js';
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
  /** Undefined on Windows, where a process without a console cannot even ask for it. */
  title: string | undefined;
  /** Those that the task comes with, as a spawned child has them. */
  descriptors: number[];
  /** The descriptor of standard error from when everything is imported. */
  stderr?: number;
  /** With the start method `forkserver`, whose children are clones of a process that has its own. */
  place?: Place;
}

/** Where a process is. */
export interface Place {
  cwd: string;
  umask: number;
  env: EnvironmentChanges | { whole: Record<string, string> };
}

/** What has changed in an environment; null for a variable that is gone. */
export interface EnvironmentChanges {
  changes: Record<string, string | null>;
}

export function setupOf(method: StartMethod, name: string, daemon: boolean, descriptors: number[] = []): Setup {
  return {
    name,
    daemon,
    method,
    parent: { pid: process.pid, name: thisProcess().name },
    argv: process.argv.slice(2),
    title: process.platform === 'win32' ? undefined : process.title,
    descriptors,
  };
}

/** Its message: JSON, so that a child need not load what pickles. */
export function writeSetup(setup: Setup): Pickled {
  return { segments: [Buffer.from(JSON.stringify(setup))], descriptors: [] };
}

export function readSetup([bytes]: Uint8Array[]): Setup {
  return JSON.parse(new TextDecoder().decode(bytes)) as Setup;
}

/** Where a child is to be: where this process is as of now, whose environment was `before` when the server was started. */
export function placeOf({ cwd, env }: StartOptions, before: Record<string, string>): Place {
  return {
    cwd: cwd ?? process.cwd(),
    umask: process.umask(),
    env: env ? { whole: env } : environmentChanges(before),
  };
}

/** A whole environment would also take away what a preloaded module has added to it. */
function environmentChanges(before: Record<string, string>): EnvironmentChanges {
  const now = process.env as Record<string, string>;
  const changes: EnvironmentChanges['changes'] = {};
  const names = Object.keys(now);
  for (const name of names) {
    const value = now[name] as string;
    if (before[name] !== value) changes[name] = value;
  }
  if (names.length < Object.keys(before).length + Object.keys(changes).length) {
    for (const name of Object.keys(before)) if (!(name in now)) changes[name] = null;
  }
  return { changes };
}
