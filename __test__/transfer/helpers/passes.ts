/** Values through the bytes that another process would get. */
import { type Pickled, pickle, pickleThrown, type PickleOptions, unpickle } from '#dist/transfer/pickle';

/** As a channel delivers it: every segment with memory of its own. */
export function delivered({ segments, descriptors }: Pickled): Pickled {
  return { segments: segments.map((segment) => new Uint8Array(segment)), descriptors };
}

export function passes<T>(value: T, options?: PickleOptions): T {
  return unpickle(delivered(pickle(value, options))) as T;
}

export function passesThrown(thrown: unknown): unknown {
  return unpickle(delivered(pickleThrown(thrown)));
}
