/** The ways to hand data to a child: one row for each, whoever measures it. */

/** How the child comes by the data. */
export type Handing = 'inherited' | 'serialized' | 'shared';

/** Whose way it is: of this package, of Node itself, of Python. */
export type Family = 'zygote' | 'built-in' | 'python';

export interface Way {
  family: Family;
  handing: Handing;
  /** What the child begins as; `running` if it is there already, and waits. */
  start: 'fork' | 'forkserver' | 'spawn' | 'worker' | 'running';
  /** What a row of a table is called. */
  title: string;
  /** After "by" in a sentence. */
  inWords: string;
}

/** Ways to hand data to a child. */
export type ContestantName =
  | 'fork'
  | 'fork-prepared'
  | 'forkserver-preloaded'
  | 'forkserver-args'
  | 'spawn-args'
  | 'queue-fork'
  | 'queue-forkserver'
  | 'queue-spawn'
  | 'memory-fork'
  | 'memory-forkserver'
  | 'memory-spawn'
  | 'mapping-fork'
  | 'mapping-forkserver'
  | 'mapping-spawn'
  | 'clone'
  | 'json'
  | 'advanced'
  | 'shared'
  | 'message'
  | 'ipc'
  | 'python-fork'
  | 'python-forkserver'
  | 'python-spawn';

/** In the order of the tables. */
export const WAYS: Readonly<Record<ContestantName, Way>> = {
  fork: { family: 'zygote', handing: 'inherited', start: 'fork', title: 'fork', inWords: 'fork' },
  'fork-prepared': {
    family: 'zygote',
    handing: 'inherited',
    start: 'fork',
    title: 'fork, prepareHeap',
    inWords: 'fork with prepareHeap',
  },
  'forkserver-preloaded': {
    family: 'zygote',
    handing: 'inherited',
    start: 'forkserver',
    title: 'forkserver, preloaded',
    inWords: 'a forkserver that has preloaded it',
  },
  'forkserver-args': {
    family: 'zygote',
    handing: 'serialized',
    start: 'forkserver',
    title: 'forkserver, argument',
    inWords: 'an argument through forkserver',
  },
  'spawn-args': {
    family: 'zygote',
    handing: 'serialized',
    start: 'spawn',
    title: 'spawn, argument',
    inWords: 'an argument through spawn',
  },
  'queue-fork': {
    family: 'zygote',
    handing: 'serialized',
    start: 'fork',
    title: 'fork, Queue',
    inWords: 'a Queue to a child by fork',
  },
  'queue-forkserver': {
    family: 'zygote',
    handing: 'serialized',
    start: 'forkserver',
    title: 'forkserver, Queue',
    inWords: 'a Queue to a child by forkserver',
  },
  'queue-spawn': {
    family: 'zygote',
    handing: 'serialized',
    start: 'spawn',
    title: 'spawn, Queue',
    inWords: 'a Queue to a child by spawn',
  },
  'memory-fork': {
    family: 'zygote',
    handing: 'shared',
    start: 'fork',
    title: 'fork, SharedMemory',
    inWords: 'SharedMemory to a child by fork',
  },
  'memory-forkserver': {
    family: 'zygote',
    handing: 'shared',
    start: 'forkserver',
    title: 'forkserver, SharedMemory',
    inWords: 'SharedMemory to a child by forkserver',
  },
  'memory-spawn': {
    family: 'zygote',
    handing: 'shared',
    start: 'spawn',
    title: 'spawn, SharedMemory',
    inWords: 'SharedMemory to a child by spawn',
  },
  'mapping-fork': {
    family: 'zygote',
    handing: 'shared',
    start: 'fork',
    title: 'fork, copy-on-write mapping',
    inWords: 'a copy-on-write mapping to a child by fork',
  },
  'mapping-forkserver': {
    family: 'zygote',
    handing: 'shared',
    start: 'forkserver',
    title: 'forkserver, copy-on-write mapping',
    inWords: 'a copy-on-write mapping to a child by forkserver',
  },
  'mapping-spawn': {
    family: 'zygote',
    handing: 'shared',
    start: 'spawn',
    title: 'spawn, copy-on-write mapping',
    inWords: 'a copy-on-write mapping to a child by spawn',
  },
  clone: {
    family: 'built-in',
    handing: 'serialized',
    start: 'worker',
    title: 'Worker, structured clone',
    inWords: 'structured clone to a new Worker',
  },
  json: {
    family: 'built-in',
    handing: 'serialized',
    start: 'spawn',
    title: 'child_process, json',
    inWords: 'child_process with json',
  },
  advanced: {
    family: 'built-in',
    handing: 'serialized',
    start: 'spawn',
    title: 'child_process, advanced',
    inWords: 'child_process with advanced serialization',
  },
  shared: {
    family: 'built-in',
    handing: 'shared',
    start: 'worker',
    title: 'Worker, SharedArrayBuffer',
    inWords: 'SharedArrayBuffer',
  },
  message: {
    family: 'built-in',
    handing: 'serialized',
    start: 'running',
    title: 'running Worker, postMessage',
    inWords: 'a message to a Worker that runs already',
  },
  ipc: {
    family: 'built-in',
    handing: 'serialized',
    start: 'running',
    title: 'running child_process, send',
    inWords: 'a message to a child process that runs already',
  },
  'python-fork': {
    family: 'python',
    handing: 'inherited',
    start: 'fork',
    title: 'Python fork',
    inWords: "Python's fork",
  },
  'python-forkserver': {
    family: 'python',
    handing: 'serialized',
    start: 'forkserver',
    title: 'Python forkserver, argument',
    inWords: "Python's forkserver",
  },
  'python-spawn': {
    family: 'python',
    handing: 'serialized',
    start: 'spawn',
    title: 'Python spawn, argument',
    inWords: "Python's spawn",
  },
};

export const CONTESTANT_NAMES: readonly ContestantName[] = Object.keys(WAYS) as ContestantName[];

/** What a list of ways may have in place of single ones. */
export const GROUPS: readonly string[] = ['inherited', 'serialized', 'zygote', 'built-in', 'python'];

/** Names of ways and of groups of them as names of ways, in the order of the tables; those that are neither are in `unknown`. */
export function waysNamed(given: readonly string[]): { names: ContestantName[]; unknown: string[] } {
  const names = CONTESTANT_NAMES.filter((name) => {
    const { family, handing } = WAYS[name];
    // The kind `shared` is also the name of a way, and means that one.
    return given.includes(name) || [family, handing].some((word) => GROUPS.includes(word) && given.includes(word));
  });
  const known = new Set<string>([...CONTESTANT_NAMES, ...GROUPS]);
  return { names, unknown: given.filter((name) => !known.has(name)) };
}
