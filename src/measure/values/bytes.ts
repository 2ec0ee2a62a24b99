import { isAnyArrayBuffer } from 'node:util/types';

/** A view of binary data: an ArrayBuffer, a SharedArrayBuffer, or a view of one such as a Buffer. Else nothing. */
export function bytesOf(value: unknown): DataView | undefined {
  if (ArrayBuffer.isView(value)) return new DataView(value.buffer, value.byteOffset, value.byteLength);
  return isAnyArrayBuffer(value) ? new DataView(value) : undefined;
}
