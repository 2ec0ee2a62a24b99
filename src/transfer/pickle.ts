import { deserializeThrown, serializeThrown } from './errors.js';
import { deserialize, serialize } from './values.js';
export interface Pickled {
  segments: Uint8Array[];
  descriptors: number[];
}
export interface PickleOptions {
  descriptors?: boolean;
}
export function pickle(value: unknown, _options: PickleOptions = {}): Pickled {
  return { segments: [serialize(value)], descriptors: [] };
}
export function pickleThrown(thrown: unknown): Pickled {
  return { segments: [Buffer.concat([Buffer.from('T'), serializeThrown(thrown)])], descriptors: [] };
}
export function unpickle({ segments: [bytes] }: Pickled): unknown {
  if (bytes?.[0] === 84) return deserializeThrown(bytes.subarray(1));
  return deserialize(bytes as Uint8Array);
}
