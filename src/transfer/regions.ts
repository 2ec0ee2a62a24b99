/** Large buffers, which travel as they are in memory: which parts of them, and which views lie in which part. */
import type { Place } from './wire.js';

/** Bytes from which a buffer or view travels outside of the message. */
export const LARGE = 65_536;

interface Region {
  start: number;
  end: number;
  segment: number;
}

export class Regions {
  /** By the memory that they are parts of; in order, and without overlaps once they are settled. */
  readonly #regions = new Map<ArrayBuffer, Region[]>();
  /** Those that occur themselves, and not only through views. */
  readonly #whole = new Set<ArrayBuffer>();

  get isEmpty(): boolean {
    return this.#regions.size === 0;
  }

  addView(view: ArrayBufferView): void {
    this.#add(view.buffer as ArrayBuffer, view.byteOffset, view.byteOffset + view.byteLength);
  }

  addBuffer(buffer: ArrayBuffer): void {
    this.#whole.add(buffer);
    this.#add(buffer, 0, buffer.byteLength);
  }

  #add(buffer: ArrayBuffer, start: number, end: number): void {
    const region = { start, end, segment: 0 };
    const others = this.#regions.get(buffer);
    if (others) others.push(region);
    else this.#regions.set(buffer, [region]);
  }

  /** Numbers the regions from `first` on; gives their bytes, not copied. */
  settle(first: number): Uint8Array[] {
    const segments: Uint8Array[] = [];
    for (const [buffer, found] of this.#regions) {
      const merged = merge(found);
      this.#regions.set(buffer, merged);
      for (const region of merged) {
        region.segment = first + segments.length;
        segments.push(new Uint8Array(buffer, region.start, region.end - region.start));
      }
    }
    return segments;
  }

  /** The buffers that occur themselves, with their segments. */
  *buffers(): Generator<[ArrayBuffer, segment: number]> {
    for (const buffer of this.#whole) yield [buffer, this.#regions.get(buffer)?.[0]?.segment ?? 0];
  }

  placeOf(view: ArrayBufferView): Place | undefined {
    if (this.isEmpty) return undefined;
    const { byteOffset, byteLength } = view;
    const region = this.#regions
      .get(view.buffer as ArrayBuffer)
      ?.find(({ start, end }) => start <= byteOffset && byteOffset + byteLength <= end);
    return region && { segment: region.segment, offset: byteOffset - region.start };
  }
}

/** Parts of one memory stay so if that is not much more than what is in them. */
function merge(regions: Region[]): Region[] {
  const merged: Region[] = [];
  // Aligned as in the whole, for whatever element is in it.
  const sorted = regions.map((region) => ({ ...region, start: region.start - (region.start % 8) }));
  sorted.sort((a, b) => a.start - b.start);
  for (const region of sorted) {
    const last = merged.at(-1);
    if (!last || region.start - last.end > Math.min(last.end - last.start, region.end - region.start)) {
      merged.push(region);
    } else last.end = Math.max(last.end, region.end);
  }
  return merged;
}
