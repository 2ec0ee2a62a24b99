/** SharedArrayBuffers of memory that other processes have, too. */
import { ZygoteError } from '../errors.js';
import type { MemoryObject } from '../native/binding.js';

/** By the memory: to `Atomics.wait` and `notify`, two mappings of one memory in a process are two memories. */
const known = new Map<string, WeakRef<SharedArrayBuffer>>();
const registry = new FinalizationRegistry<string>((id) => {
  if (!known.get(id)?.deref()) known.delete(id);
});

/** Of this thread the same for the same memory, however often that arrives. */
export function sharedBufferOf(
  object: MemoryObject,
  size: number,
  id: string | undefined = identityOf(object),
): SharedArrayBuffer {
  const there = id === undefined ? undefined : known.get(id)?.deref();
  if (there) return there;
  const buffer = map(object, size);
  if (id !== undefined) {
    known.set(id, new WeakRef(buffer));
    registry.register(buffer, id);
  }
  return buffer;
}

function map(object: MemoryObject, size: number): SharedArrayBuffer {
  const external = object.share();
  if (external) return external;
  if (process.platform === 'win32') {
    throw new ZygoteError(
      'ERR_ZYGOTE_UNSUPPORTED',
      'this Node cannot make a SharedArrayBuffer of such memory: use Node 22.23.3, 24.16, 26.1 or newer',
    );
  }
  // V8 keeps one that could grow in whole pages of its own, in whose place the memory is put.
  const Growable = SharedArrayBuffer as new (length: number, options: { maxByteLength: number }) => SharedArrayBuffer;
  const buffer = new Growable(size, { maxByteLength: size });
  object.shareOver(new Uint8Array(buffer));
  return buffer;
}

/** A name for memory where it has no number: it travels with the memory. */
export function newIdentity(): string | undefined {
  return process.platform === 'win32' ? process.getBuiltinModule('node:crypto').randomUUID() : undefined;
}

function identityOf(object: MemoryObject): string | undefined {
  const { dev, ino } = process.getBuiltinModule('node:fs').fstatSync(object.descriptor(), { bigint: true });
  return `${dev}:${ino}`;
}
