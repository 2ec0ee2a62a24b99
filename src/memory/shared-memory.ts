/** Memory that processes share, or that each of them has a copy-on-write copy of. */
import { ZygoteError } from '../errors.js';
import { native, type MemoryObject } from '../native/binding.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { newIdentity, sharedBufferOf } from './shared-buffer.js';

/**
 * `shared`: what any process writes all others see. `copy-on-write`: every process begins with the same content, and keeps what
 * it writes to itself; pages that it does not write to exist once, however many processes have them.
 */
export type SharedMemoryMode = 'shared' | 'copy-on-write';

export interface SharedMemoryOptions<M extends SharedMemoryMode = SharedMemoryMode> {
  /** Bytes. */
  size: number;
  /** Default `shared`. */
  mode?: M;
}

/** Copies need no synchronization, so they come in a plain `ArrayBuffer`. */
export type SharedMemoryBuffer<M extends SharedMemoryMode> = M extends 'shared' ? SharedArrayBuffer : ArrayBuffer;

interface State {
  size: number;
  mode: SharedMemoryMode;
  /** See `newIdentity`. */
  id?: string | undefined;
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
    const object = made(bytes.length, () => native().MemoryObject.fromBytes(bytes, mode === 'copy-on-write'));
    return SharedMemory.#of(object, { size: bytes.length, mode, id: newIdentity() }) as SharedMemory<M>;
  }

  static #of(object: MemoryObject, state: State): SharedMemory<SharedMemoryMode> {
    arrived = { object, id: state.id };
    return new SharedMemory<SharedMemoryMode>(state);
  }

  static {
    shareBy<SharedMemory<SharedMemoryMode>>(SharedMemory, (memory) => {
      memory.freeze();
      const state: State = { size: memory.size, mode: memory.mode, id: memory.#id };
      return { kind: 'memory/SharedMemory', state, descriptors: [memory.#object.descriptor()] };
    });
    registerShareable('memory/SharedMemory', (state: State, [fd = -1]) => {
      const copies = state.mode === 'copy-on-write';
      return SharedMemory.#of(
        made(state.size, () => native().MemoryObject.fromDescriptor(fd, state.size, copies)),
        state,
      );
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
let arrived: { object: MemoryObject; id: string | undefined } | undefined;

function modeOf<M extends SharedMemoryMode>({ mode = 'shared' as M }: { mode?: M }): M {
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
