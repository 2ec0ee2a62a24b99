/** SharedArrayBuffers of memory that other processes have, too. */
import type { MemoryObject } from '../native/binding.js';

/** By the memory: to `Atomics.wait` and `notify`, two mappings of one memory in a process are two memories. */
const known = new Map<string, WeakRef<SharedArrayBuffer>>();
const registry = new FinalizationRegistry<string>((id) => {
  if (!known.get(id)?.deref()) known.delete(id);
});

/** Of this thread the same for the same memory, however often that arrives. */
export function sharedBufferOf(object: MemoryObject, size: number): SharedArrayBuffer {
  const id = identityOf(object);
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
  // V8 keeps one that could grow in whole pages of its own, in whose place the memory is put.
  const Growable = SharedArrayBuffer as new (length: number, options: { maxByteLength: number }) => SharedArrayBuffer;
  const buffer = new Growable(size, { maxByteLength: size });
  object.shareOver(new Uint8Array(buffer));
  return buffer;
}

/** Undefined where memory has no number. */
function identityOf(object: MemoryObject): string | undefined {
  if (process.platform === 'win32') return undefined;
  const { dev, ino } = process.getBuiltinModule('node:fs').fstatSync(object.descriptor(), { bigint: true });
  return `${dev}:${ino}`;
}
