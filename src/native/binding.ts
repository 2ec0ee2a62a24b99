/** The functions of crates/addon, typed by hand. */
import { loadNative } from './load.js';

/** How to fork: see `crates/addon/src/fork.rs`. */
export interface BindingForkOptions {
  singleThreaded: boolean;
  /** Milliseconds. */
  parkTimeout: number;
  sever: boolean;
  keep: number[];
  /** The child becomes a child of this process's parent, which has to wait for it. Not with `singleThreaded`. */
  sibling: boolean;
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

/** Memory of a process. All in bytes but the faults, which are counts since its start. */
export interface ProcessMemory {
  /** Resident: in memory now, shared pages counted whole. */
  rss: number;
  /** Proportional: shared pages divided by the number of processes that share them. Sums over processes are true. */
  pss: number;
  /** Unique: what would be free if this process ended. */
  uss: number;
  sharedClean: number;
  sharedDirty: number;
  privateClean: number;
  privateDirty: number;
  swap: number;
  minorFaults: number;
  majorFaults: number;
}

/** What has come in over a socket. */
export interface BindingReceived {
  /** Empty at the end of the stream. */
  bytes: Buffer;
  /** Owned by the receiver, close-on-exec. */
  descriptors: number[];
  /** Descriptors came that this process could not take, as it has too many files open: none of them is here. */
  lost: boolean;
}

/** Calls back whenever a descriptor is readable, until it is closed. */
export interface ReadableWatcher {
  setRef(keepsAlive: boolean): void;
  close(): void;
}

/** A piece of memory, until it is closed. Buffers that were made of it stay valid beyond that. */
export interface MemoryObject {
  /** Stays its own. */
  descriptor(): number;
  /** What is there now is what everybody begins with, if everybody has a copy. */
  freeze(): void;
  /** Of memory that everybody writes to; `null` where this Node cannot make one. */
  share(): SharedArrayBuffer | null;
  /** Puts the memory in the place of a growable SharedArrayBuffer, which `view` shows as a whole. */
  shareOver(view: Uint8Array): void;
  /** This process's copy. */
  copy(): ArrayBuffer;
  /** Takes a copy out of its ArrayBuffer, which is empty from then on. */
  detach(copy: ArrayBuffer): void;
  close(): void;
}

/** What a queue is made with. */
export interface BindingLimits {
  /** Most messages; 0 for any number. */
  messages: number;
  /** Bytes that they take at most, each up to 32 more than it has. */
  bytes: number;
  /** Whether it counts what is done. */
  joinable: boolean;
}

/** A queue. */
export interface SharedQueue {
  /** They stay its own. */
  descriptors(): number[];
  /** Messages that can be taken now. */
  size(): number;
  close(): void;
  isClosed(): boolean;
  /** Puts the first `length` bytes as a message: false if there is no room now. */
  put(bytes: Uint8Array, length: number): boolean;
  /** Puts a message of several pieces. */
  putPieces(pieces: readonly Uint8Array[]): boolean;
  /**
   * Takes the first message: the length of a small one, which is in `into` then (it needs room for 64 KiB), or the pieces of a large one.
   * -1 if there is none now, -2 if there is none to come.
   */
  take(into: Uint8Array): number | ArrayBuffer[];
  /** A message that this process has taken is done. */
  done(): void;
  /** Messages that were put and are not done. */
  unfinished(): number;
  waitForMessage(): SharedWait;
  waitForRoom(pieces: readonly number[]): SharedWait;
  /** The outcome begins with the number of messages that are lost. */
  waitForDone(): SharedWait;
}

/** One end of a connection. It owns its descriptor, and closes it when nothing refers to it any more. */
export interface ConnectionEnd {
  /** -1 if it is closed. */
  readonly descriptor: number;
  /**
   * Sends the first `length` bytes as a frame, and a descriptor unless that is -1: 0 if the system has it, 1 if there is no room now, 2 if too many
   * descriptors are on their way, 3 if nobody is left to receive it.
   */
  send(bytes: Uint8Array, length: number, descriptor: number): number;
  /** Receives a frame: its length; 0 if none is to come, -1 if there is none now. */
  receive(into: Uint8Array): number;
  /** Copies the parts of a message into memory that is used again: its descriptor, for the caller; -1 if they are too large. */
  store(parts: readonly Uint8Array[]): number;
  /** The parts, of these lengths, of the message that was stored and came with the last frame. */
  load(lengths: readonly number[]): ArrayBuffer[];
  /** The descriptor that came with the last frame, which belongs to the caller; or -1. */
  takeDescriptor(): number;
  /** Whether `receive` would not give -1. */
  isReceivable(): boolean;
  /**
   * What the callback is called for, again and again: 1 something can be received, 2 there is room to send, 3 both, 0 nothing. All but
   * nothing keeps the process alive. Within the callback it applies when that and its microtasks are done.
   */
  watch(events: number): void;
  close(): void;
}

/** Windows only: one of two ends, each of which learns when nobody has the other one any more. */
export interface Tether {
  /** Stays its own. */
  descriptor(): number;
  isAlone(): boolean;
  /** Calls back once, when it is alone. Only the first call has an effect; it does not keep the process alive. */
  watch(callback: () => void): void;
  close(): void;
}

/** What a wait ended with: two numbers, whose meaning is the object's. */
export type BindingOutcome = [number, number];

/** One wait for a shared object. */
export interface SharedWait {
  /** Which bell it waits for. */
  readonly token: number;
  /**
   * Whether it is over: with what, or `null`. From the first look on it has its place among those who wait. `openWaits` must
   * have been called. After an error it is over too.
   */
  look(): BindingOutcome | null;
  /** Takes its place among those who wait before `block` is called. */
  takePlace(): void;
  /** Waits in this thread, so many milliseconds at most; it is over in any case. Not together with `look`. */
  block(timeout: number | undefined): BindingOutcome | null;
  /** Waits no more. What it was given meanwhile is given on. */
  cancel(): void;
}

/** See `crates/shared/src/lock.rs`. Outcome of a wait: the ticket, and 1 if it was abandoned. */
export interface SharedLock {
  descriptors(): number[];
  waiting(): number;
  /** The ticket, negative if it was abandoned; 0 if it is not to be had. With `thoroughly` also one of the dead. */
  tryAcquire(again: boolean, thoroughly: boolean): number;
  wait(again: boolean): SharedWait;
  /** Once, or entirely: how many times that was. */
  release(ticket: number, entirely: boolean): number;
  deepen(ticket: number, times: number): void;
  isLocked(): boolean;
  isHeld(): boolean;
}

/** See `crates/shared/src/semaphore.rs`. */
export interface SharedSemaphore {
  descriptors(): number[];
  waiting(): number;
  tryAcquire(thoroughly: boolean): boolean;
  wait(): SharedWait;
  giveBack(keep: boolean): void;
  release(permits: number): void;
  value(): number;
}

/** See `crates/shared/src/event.rs`. */
export interface SharedEvent {
  descriptors(): number[];
  waiting(): number;
  isSet(): boolean;
  set(): void;
  clear(): void;
  wait(): SharedWait;
}

/** See `crates/shared/src/condition.rs`. */
export interface SharedCondition {
  descriptors(): number[];
  waiting(): number;
  notify(most: number): number;
  wait(): SharedWait;
}

/** See `crates/shared/src/barrier.rs`. Outcome of a wait: the index; and the round for who leads, else -1. */
export interface SharedBarrier {
  descriptors(): number[];
  parties(): number;
  waiting(): number;
  isBroken(): boolean;
  wait(): SharedWait;
  open(round: number): void;
  abort(): void;
  reset(): void;
}

/** See `crates/shared/src/words.rs`. Outcome of a wait: 1 if it was notified, 0 if the word was not as expected. */
export interface SharedWords {
  descriptors(): number[];
  /** How many were notified. */
  notify(offset: number, most: number): number;
  /** `word` shows the 4 or 8 bytes, and must not be collected before the wait is over. `expected` are as many. */
  wait(offset: number, word: Uint8Array, expected: Uint8Array): SharedWait;
}

/**
 * What crates/addon exports. On Windows that is what shared objects, the end and the memory of a process need, see
 * `crates/addon/src/lib.rs`; descriptors are handles there.
 *
 * A descriptor that a function gives belongs to the caller. What the system refuses is an `ERR_ZYGOTE_SYSTEM`.
 */
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
  /** This thread waits for an answer, which has come when {@link answered} is called: if answers come soon, the event loop does not sleep. */
  awaitAnswer(): void;
  answered(): void;
  activeRequests(): number;
  unwrittenBytes(descriptors: number[]): number;
  stopInherited(keep: number[]): void;
  ReadableWatcher: new (fd: number, callback: () => void) => ReadableWatcher;
  /** `copies`: everybody has a copy of what is there when it is frozen, else all write to the same. */
  MemoryObject: {
    create(size: number, copies: boolean): MemoryObject;
    /** Complete, and so frozen. */
    fromBytes(bytes: Uint8Array, copies: boolean): MemoryObject;
    /** Of so many bytes. Takes the descriptor over, also if it throws. */
    fromDescriptor(fd: number, size: number, copies: boolean): MemoryObject;
  };
  /** A descriptor of a child that has not been waited for; -1 where the system has none. */
  openPidfd(pid: number): number;
  tryWait(pid: number): BindingEnded | null;
  sendSignal(pid: number, pidfd: number, signal: number): void;
  socketPair(): [number, number];
  /** Waits where the other side is slow. */
  writeAll(fd: number, bytes: Uint8Array): void;
  /**
   * Fills `into`, waiting for what has not come yet; false if the stream has ended before its first byte. It is an error if
   * it ends in the middle.
   */
  readExactly(fd: number, into: Uint8Array): boolean;
  /**
   * Sends as many of the bytes as fit without waiting, and all descriptors (at most 253) with the first of them: the number
   * of bytes, or -1 if nothing can be sent now. What is left is to be sent without the descriptors.
   */
  sendMessage(fd: number, bytes: Uint8Array, descriptors: number[]): number;
  /** Waits until something can be received, or the other side is gone, or a signal comes. Nothing else goes on meanwhile. */
  waitReadable(fd: number): void;
  /**
   * Receives up to 64 KiB, and the descriptors that came with them; `null` if there is nothing now. Bytes that were sent after
   * other descriptors are left for the next call.
   */
  receiveMessage(fd: number): BindingReceived | null;
  /** Takes the descriptors over, if it is one that has arrived. */
  SharedQueue: new (limits: BindingLimits, descriptors?: number[]) => SharedQueue;
  /** Two connected ends, as descriptors. With `oneWay` the first can only receive, the second only send. */
  connectionPair(oneWay: boolean): [number, number];
  /** Takes the descriptor over. At first nothing is watched for, and nothing kept alive. */
  ConnectionEnd: new (fd: number, callback: () => void) => ConnectionEnd;
  /** Windows only. Takes the handle over. */
  Tether: new (handle: number) => Tether;
  /** Windows only: the handles of two ends. */
  tetherPair(): [number, number];
  /** Copies the parts into sealed memory: its descriptor. */
  storeBlob(parts: readonly Uint8Array[]): number;
  /** The parts of such memory, of these lengths, private to this process. Takes the descriptor over. */
  loadBlob(fd: number, lengths: readonly number[]): ArrayBuffer[];
  closeDescriptor(fd: number): void;
  /** Windows only: gives a child of this process the objects behind these handles; the numbers that stand for them there. */
  giveDescriptors(pid: number, handles: readonly number[]): number[];
  /** `dup2`, close-on-exec but for 0 to 2. The event loop must not be watching `to`; what it knew of it is forgotten. */
  replaceDescriptor(from: number, to: number): void;
  /** Another number, above 2, for the same object; close-on-exec. */
  duplicateDescriptor(fd: number): number;
  /** Each fork leaves the descriptor as it is. Counted: as often as it is shared it has to be unshared, before it is closed. */
  shareDescriptor(fd: number): void;
  unshareDescriptor(fd: number): void;
  /** With `on`, programs that this process starts or becomes do not get the descriptor. */
  closeOnExec(fd: number, on: boolean): void;
  /**
   * Calls back with the tokens of bells that were rung, or with `null` if every wait has to look. What was open before is closed:
   * in a forked child it must be.
   */
  openWaits(callback: (tokens: number[] | null) => void): void;
  /** Whether the event loop goes on for it. */
  refWaits(keepsAlive: boolean): void;
  closeWaits(): void;
  /** With descriptors, what they stand for: they are its own from then on, also if it throws. */
  SharedLock: new (descriptors?: number[]) => SharedLock;
  SharedSemaphore: new (value: number, bound: number, descriptors?: number[]) => SharedSemaphore;
  SharedEvent: new (descriptors?: number[]) => SharedEvent;
  SharedCondition: new (descriptors?: number[]) => SharedCondition;
  SharedBarrier: new (parties: number, descriptors?: number[]) => SharedBarrier;
  SharedWords: new (descriptors?: number[]) => SharedWords;
  /** Ends this process at once: no listener, no destructor, nothing flushed. */
  exitNow(code: number): never;
  dieWithParent(parent: number): boolean;
  emptyInput(watched: boolean): void;
  /** As the system knows it, whatever `process.pid` says. */
  processId(): number;
  allThreadsObstacle(): string | null;
  /** Memory, zero at first, that this process and those forked from it write to together; freed when it is collected. */
  sharedPages(bytes: number): ArrayBuffer;
  /** Microseconds. */
  rawClone(): number;
  /** Random bytes from the system itself. */
  fillRandom(bytes: Uint8Array): void;
  reseedMathRandom(mathRandom: () => number, seed: Uint8Array): boolean;
  findIsolateRandom(mathRandom: () => number): boolean;
  reseedIsolateRandom(seed: Uint8Array): boolean;
  processMemory(pid: number): ProcessMemory;
  /** What the allocator of this process keeps for later goes back to the system. */
  releaseFreeMemory(): void;
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
