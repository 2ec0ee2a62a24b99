/** Memory that processes share, or that each of them has a copy-on-write copy of. */
import { ZygoteError } from '../errors.js';
import { native, type MemoryObject } from '../native/binding.js';
import type { WaitOptions } from '../process/waiting.js';
import type { SyncWaitOptions } from '../sync/settle.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { type NumbersOf, numbersIn, type NumbersType } from './numbers.js';
import { newIdentity, sharedBufferOf } from './shared-buffer.js';
import { type WordOutcome, Words, type WordsArray } from './words.js';

/**
 * `shared`: what any process writes all others see. `copy-on-write`: every process begins with the same content, and keeps what
 * it writes to itself; pages that it does not write to exist once, however many processes have them.
 */
export type SharedMemoryMode = 'shared' | 'copy-on-write';

export interface SharedMemoryOptions<M extends SharedMemoryMode = SharedMemoryMode> {
  /** Bytes. */
  size: number;
  /** Default `shared`. */
  mode?: M | undefined;
  /**
   * Whether `wait` and `notify` can be called, for which it holds two more descriptors: default true for what is shared. Of copies
   * nobody else sees a change.
   */
  waitable?: boolean | undefined;
}

/** Copies need no synchronization, so they come in a plain `ArrayBuffer`. */
export type SharedMemoryBuffer<M extends SharedMemoryMode> = M extends 'shared' ? SharedArrayBuffer : ArrayBuffer;

interface State {
  size: number;
  mode: SharedMemoryMode;
  waitable: boolean;
  /** See `newIdentity`. */
  id: string | undefined;
}

/** What makes up such memory. */
interface Parts {
  object: MemoryObject;
  words: Words | undefined;
  id: string | undefined;
}

/**
 * Memory without a name, all zeros at first. A child has it by inheritance (`fork`) or in its `args`, whatever the start method;
 * at any other time it cannot be handed over. The system takes pages for it when they are first written, and takes them back
 * when nobody has the memory any more, be it that the last one was killed.
 *
 * In the mode `copy-on-write` its creator fills it; what is there when it is first handed over is what every process begins
 * with. See {@link SharedMemory.freeze}.
 */
export class SharedMemory<M extends SharedMemoryMode = 'shared'> implements Disposable {
  /** Bytes. */
  readonly size: number;
  readonly mode: M;
  readonly #object: MemoryObject;
  readonly #words: Words | undefined;
  readonly #id: string | undefined;
  #buffer: SharedMemoryBuffer<M> | undefined;

  /**
   * @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`; `ERR_ZYGOTE_SYSTEM` where there are no more descriptors, or not so much
   * address space; `ERR_ZYGOTE_UNSUPPORTED` where this Node cannot show such memory.
   */
  constructor(options: SharedMemoryOptions<M>) {
    const { size } = options;
    const mode = modeOf(options);
    assertSize(size);
    this.size = size;
    this.mode = mode;
    const given = arrived;
    arrived = undefined;
    this.#id = given ? given.id : newIdentity();
    this.#object = given?.object ?? made(size, () => native().MemoryObject.create(size, mode === 'copy-on-write'));
    this.#buffer = made(size, () => this.#map());
    this.#words = given ? given.words : made(size, () => wordsFor(options));
  }

  /**
   * With these bytes in it, copied once. In the mode `copy-on-write` it is frozen at once.
   *
   * @throws ZygoteError as the constructor.
   */
  static from<M extends SharedMemoryMode = 'shared'>(
    data: ArrayBufferLike | ArrayBufferView,
    options: Omit<SharedMemoryOptions<M>, 'size'> = {},
  ): SharedMemory<M> {
    const bytes = bytesOf(data);
    const mode = modeOf(options);
    assertSize(bytes.length);
    const size = bytes.length;
    const object = made(size, () => native().MemoryObject.fromBytes(bytes, mode === 'copy-on-write'));
    const words = made(size, () => wordsFor(options));
    return SharedMemory.#of({ object, words, id: newIdentity() }, { size, mode }) as SharedMemory<M>;
  }

  static #of(parts: Parts, options: SharedMemoryOptions): SharedMemory<SharedMemoryMode> {
    arrived = parts;
    return new SharedMemory<SharedMemoryMode>(options);
  }

  static {
    shareBy<SharedMemory<SharedMemoryMode>>(SharedMemory, (memory) => {
      memory.freeze();
      const { size, mode } = memory;
      const state: State = { size, mode, waitable: memory.#words !== undefined, id: memory.#id };
      const descriptors = [memory.#object.descriptor(), ...(memory.#words?.descriptors() ?? [])];
      return { kind: 'memory/SharedMemory', state, descriptors };
    });
    registerShareable('memory/SharedMemory', ({ size, mode, waitable, id }: State, [fd = -1, ...others]) => {
      let object: MemoryObject | undefined;
      try {
        object = made(size, () => native().MemoryObject.fromDescriptor(fd, size, mode === 'copy-on-write'));
      } finally {
        if (!object) for (const other of others) native().closeDescriptor(other);
      }
      const words = waitable ? made(size, () => new Words(others)) : undefined;
      return SharedMemory.#of({ object, words, id }, { size, mode });
    });
  }

  /**
   * The memory: the same object at every call. It stays valid as long as there is a reference to it or a view of it, also in
   * Workers, to which it can be posted.
   *
   * @throws ZygoteError `ERR_ZYGOTE_CLOSED`
   */
  get buffer(): SharedMemoryBuffer<M> {
    if (!this.#buffer) throw closed();
    return this.#buffer;
  }

  /**
   * Its bytes as numbers: from `byteOffset` on, `length` of them, by default as many as there are. The same as a view that is made of
   * `buffer`, which however, where Node cannot wrap foreign memory (see the documentation), is slow unless it is given a length.
   *
   * @throws ZygoteError `ERR_ZYGOTE_CLOSED`, RangeError
   */
  view<T extends NumbersType>(Type: T, byteOffset: number = 0, length?: number): NumbersOf<T> {
    const whole = Math.floor((this.size - byteOffset) / Type.BYTES_PER_ELEMENT);
    return numbersIn(Type, this.buffer, byteOffset, length ?? Math.max(0, whole));
  }

  /**
   * In the mode `copy-on-write`: what is there now is what all other processes begin with, and what this one writes from now on
   * is its own. Happens by itself when it is first handed over, or this process is forked. A child by `fork` begins, as with all
   * its memory, with what its parent has then.
   *
   * @throws ZygoteError `ERR_ZYGOTE_CLOSED`, `ERR_ZYGOTE_SYSTEM`
   */
  freeze(): this {
    if (!this.#buffer) throw closed();
    this.#object.freeze();
    return this;
  }

  /**
   * As `Atomics.waitAsync`, over processes: waits to be notified, if the element has this value. `ok` when it was; `not-equal` at once if
   * the element has another value; `timed-out` after the timeout. `array` shows this memory. A notification that a process has
   * got and died with goes to another one.
   *
   * @throws the signal's reason; ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`, also if it was made as not waitable; `ERR_ZYGOTE_CLOSED`;
   * `ERR_ZYGOTE_TOO_MANY_WAITERS` if 4096 wait already.
   */
  async wait<A extends WordsArray>(
    array: A,
    index: number,
    value: A[number],
    options: WaitOptions = {},
  ): Promise<WordOutcome> {
    return this.#wordsOf(array).wait(array, index, value, options);
  }

  /** As `wait`, but blocks this thread, as `Atomics.wait`: nothing else goes on in it. */
  waitSync<A extends WordsArray>(
    array: A,
    index: number,
    value: A[number],
    options: SyncWaitOptions = {},
  ): WordOutcome {
    return this.#wordsOf(array).waitSync(array, index, value, options);
  }

  /**
   * Notifies those who have waited longest by `wait` or `waitSync` for the element, as many as `count`, default all: how many there
   * were. Those who wait by `Atomics.wait` are not among them: that does not reach beyond a process.
   *
   * @throws as `wait`.
   */
  notify(array: WordsArray, index: number, count: number = Infinity): number {
    return this.#wordsOf(array).notify(array, index, count);
  }

  #wordsOf(array: WordsArray): Words {
    const { buffer } = this;
    if (!this.#words) {
      throw new ZygoteError(
        'ERR_ZYGOTE_INVALID_ARGUMENT',
        this.mode === 'shared'
          ? 'nobody can wait for this memory: make it with `waitable: true`'
          : 'nobody else sees a change of a copy, so nobody can wait for it: use the mode "shared"',
      );
    }
    if (array?.buffer === (buffer as SharedArrayBuffer)) return this.#words;
    throw new ZygoteError(
      'ERR_ZYGOTE_INVALID_ARGUMENT',
      'the array must be a view of the `buffer` of this very memory',
    );
  }

  /**
   * Lets go of it. A copy is gone at once: its `ArrayBuffer` is detached. What is shared goes back to the system when there is no
   * view left in any process. More than once it does nothing.
   */
  close(): void {
    const buffer = this.#buffer;
    if (!buffer) return;
    this.#buffer = undefined;
    if (this.mode === 'copy-on-write') this.#object.detach(buffer as ArrayBuffer);
    this.#object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #map(): SharedMemoryBuffer<M> {
    const buffer = this.mode === 'shared' ? sharedBufferOf(this.#object, this.size, this.#id) : this.#object.copy();
    return buffer as SharedMemoryBuffer<M>;
  }
}

/** What the object that is being made is to have. */
let arrived: Parts | undefined;

function wordsFor({
  mode,
  waitable = mode !== 'copy-on-write' && Words.areHere,
}: Partial<SharedMemoryOptions>): Words | undefined {
  if (!waitable) return undefined;
  if (mode !== 'copy-on-write') return new Words();
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    'waitable: nobody else sees a change of a copy: use the mode "shared"',
  );
}

function modeOf<M extends SharedMemoryMode>({ mode = 'shared' as M }: { mode?: M | undefined }): M {
  if (mode === 'shared' || mode === 'copy-on-write') return mode;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    `mode is "shared" or "copy-on-write", not ${JSON.stringify(mode)}`,
  );
}

function assertSize(size: number): void {
  if (Number.isSafeInteger(size) && size > 0) return;
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    `size must be a whole number of bytes, at least 1, not ${String(size)}`,
  );
}

function bytesOf(data: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  throw new ZygoteError(
    'ERR_ZYGOTE_INVALID_ARGUMENT',
    'SharedMemory.from takes an ArrayBuffer, a SharedArrayBuffer or a view of one, such as a Buffer or a typed array',
  );
}

/** What makes it; where that fails, what to do. */
function made<T>(size: number, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const { message, code = '' } = cause as Error & { code?: string };
    throw new ZygoteError(
      code.startsWith('ERR_ZYGOTE_') ? code : 'ERR_ZYGOTE_SYSTEM',
      `there is no shared memory of ${size} bytes: ${message}${adviceFor(message)}`,
      { cause },
    );
  }
}

function adviceFor(message: string): string {
  if (/os error (23|24)\b/.test(message)) {
    return '. Each SharedMemory holds a descriptor: close() those that are not needed, or raise the limit (ulimit -n)';
  }
  if (/max length|larger than/.test(message)) return '. This Node makes no buffers that are so large: share several';
  if (/os error 12\b|allocation failed/.test(message)) {
    return '. The address space or what the system promises (vm.overcommit_memory, ulimit -v) does not suffice';
  }
  return '';
}

function closed(): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_CLOSED', 'this SharedMemory was closed');
}
