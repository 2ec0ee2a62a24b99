/** Whether this machine can hold what a measurement needs, before it swaps or kills. */
import { freemem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { PayloadName, PayloadSpec } from '../options.js';

/** Bytes in V8's heap, and outside of it, for each byte of the serialized data. */
const IN_HEAP: Record<PayloadName, number> = { records: 3, map: 5, buffer: 0, cities: 3 };
const OUTSIDE: Record<PayloadName, number> = { records: 0, map: 0, buffer: 1, cities: 0 };
/** Processes that hold the data at once: those that measure, and the forkserver. */
const HOLDERS = 6;
/** What the dearest way takes besides: serialized here and there, and the child's own data. */
const IN_TRANSIT = 3;
/** Data for which nobody looks. */
const SMALL = 100e6;

/** Why data of this size had better not be measured here; undefined if nothing speaks against it. */
export function memoryObstacle(spec: PayloadSpec, scale: number): string | undefined {
  if (spec.kind !== 'built-in' || spec.size === undefined) return undefined;
  const size = spec.size * scale;
  if (size <= SMALL) return undefined;
  const heap = size * IN_HEAP[spec.name];
  const limit = getHeapStatistics().heap_size_limit;
  if (heap > limit * 0.75) {
    return `it would take ${gigabytes(heap)} of V8's heap, which ends at ${gigabytes(limit)} here`;
  }
  const each = heap + size * OUTSIDE[spec.name];
  const needed = each * HOLDERS + size * IN_TRANSIT + each;
  const free = freemem();
  if (needed <= free * 0.8) return undefined;
  return `it would take about ${gigabytes(needed)} of memory, and ${gigabytes(free)} are free`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
