/** The functions of crates/addon, typed by hand. */
import { loadNative } from './load.js';

/** How to fork: see `crates/addon/src/fork.rs`. */
export interface BindingForkOptions {
  singleThreaded: boolean;
  /** Milliseconds. */
  parkTimeout: number;
  sever: boolean;
  keep: number[];
}

/** Both sides of a fork. */
export interface BindingForked {
  /** 0 in the child. */
  pid: number;
  /** A descriptor of the child, or -1. */
  pidfd: number;
}

/** Where the last fork spent its time, in microseconds. */
export interface BindingForkTimings {
  park: number;
  snapshot: number;
  clone: number;
  release: number;
  threads: number;
}

/** One of the two is set. */
export interface BindingEnded {
  code?: number;
  signal?: number;
}

/** Memory in bytes, faults as counts. */
export interface BindingProcessMemory {
  rss: number;
  pss: number;
  uss: number;
  sharedClean: number;
  sharedDirty: number;
  privateClean: number;
  privateDirty: number;
  swap: number;
  minorFaults: number;
  majorFaults: number;
}

/** Calls back whenever a descriptor is readable, until it is closed. */
export interface ReadableWatcher {
  setRef(keepsAlive: boolean): void;
  close(): void;
}

/** What crates/addon exports. All but `version` and `processMemory` on Unix only. */
export interface NativeBinding {
  /** The version the addon was built as. */
  version(): string;
  /** 0 in the child. */
  fork(options: BindingForkOptions): number;
  lastForkTimings(): BindingForkTimings | null;
  forkAtLoopBase(
    options: BindingForkOptions,
    ready: () => boolean,
    prepare: () => void,
    callback: (error: Error | null, forked: BindingForked | null) => void,
  ): void;
  activeRequests(): number;
  unwrittenBytes(descriptors: number[]): number;
  stopInherited(keep: number[]): void;
  ReadableWatcher: new (fd: number, callback: () => void) => ReadableWatcher;
  /** A descriptor of a child that has not been waited for; -1 where the system has none. */
  openPidfd(pid: number): number;
  tryWait(pid: number): BindingEnded | null;
  sendSignal(pid: number, pidfd: number, signal: number): void;
  socketPair(): [number, number];
  writeAll(fd: number, bytes: Uint8Array): void;
  closeDescriptor(fd: number): void;
  exitNow(code: number): never;
  dieWithParent(parent: number): boolean;
  emptyInput(watched: boolean): void;
  processId(): number;
  allThreadsObstacle(): string | null;
  /** Microseconds. */
  rawClone(): number;
  reseedMathRandom(mathRandom: () => number, seed: Uint8Array): boolean;
  findIsolateRandom(mathRandom: () => number): boolean;
  reseedIsolateRandom(seed: Uint8Array): boolean;
  processMemory(pid: number): BindingProcessMemory;
}

let loaded: NativeBinding | undefined;

/**
 * The addon, loaded at the first call: importing the package must work where there is no addon.
 *
 * @throws ZygoteError `ERR_ZYGOTE_NATIVE_MISSING` where none can be loaded.
 */
export function native(): NativeBinding {
  loaded ??= loadNative() as NativeBinding;
  return loaded;
}
