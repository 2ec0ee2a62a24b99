/** Between a process and its forkserver: lines of JSON over a socket pair that only these two have. */

/** What the server is for: its argument, as JSON. */
export interface ServerTask {
  preload: string[];
  onError: OnPreloadError;
  /** Specifiers are resolved from here. */
  base: string;
  singleThreaded: boolean;
}

/** What a server does with a module that it cannot preload. */
export type OnPreloadError = 'fail' | 'warn' | 'ignore';

/** To the server. */
export type Request =
  /** Descriptors that come with it: the child's channel, its standard streams, those of its task. */
  | { kind: 'fork'; id: number; descriptors: number; stdio: [boolean, boolean, boolean] }
  | { kind: 'preloaded'; id: number }
  /** Not answered: it ends. */
  | { kind: 'stop' };

/** From the server. */
export type Reply =
  | { kind: 'ready' }
  /** It ends after this. `error` is a pickled error in base64. */
  | { kind: 'failed'; module: string; error: string }
  | { kind: 'forked'; id: number; pid: number }
  /**
   * From a clone, and from the server about it, as either may be killed before it has said so: it waits to be told what it is,
   * and is a child of the owner's until it has ended.
   */
  | { kind: 'waiting'; pid: number }
  | { kind: 'refused'; id: number; error: string }
  | { kind: 'preloaded'; id: number; modules: string[] }
  /** Of a child that is the server's own. */
  | { kind: 'ended'; pid: number; exitCode: number | null; signalCode: NodeJS.Signals | null };

/** From the server to a clone, with the descriptors of the request. */
export type Assignment = Pick<Request & { kind: 'fork' }, 'stdio'>;

/** The server's end of the socket pair, and its true standard error, in the server. */
export const CONTROL = 3;
export const STDERR = 4;
