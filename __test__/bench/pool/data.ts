/** One million records, and an index over them that takes about 200 MB. */
export interface Entry {
  id: number;
  key: string;
  score: number;
}

export interface Data {
  entries: Entry[];
  index: Map<string, Entry[]>;
}

const SHARING = 20;

export function build(records: number): Data {
  const entries = Array.from({ length: records }, (_, id) => ({
    id,
    key: `key ${id % (records / SHARING)}`,
    score: id / 2,
  }));
  const index = new Map<string, Entry[]>();
  for (const entry of entries) {
    const found = index.get(entry.key);
    if (found) found.push(entry);
    else index.set(entry.key, [entry]);
  }
  return { entries, index };
}

/** The work on one item: looks it up, and reads what is found `rounds` times. */
export function score({ index }: Data, { key }: Entry, rounds: number): number {
  const found = index.get(key) ?? [];
  let sum = 0;
  for (let round = 0; round < rounds; round++) for (const entry of found) sum += entry.score * round;
  return sum;
}

/** How many rounds take so many microseconds. */
export function calibrate(data: Data, micros: number): number {
  const sample = data.entries.slice(0, 5000);
  let rounds = 100;
  for (let attempt = 0; attempt < 5; attempt++) {
    const from = performance.now();
    for (const entry of sample) score(data, entry, rounds);
    const each = ((performance.now() - from) * 1000) / sample.length;
    rounds = Math.max(1, Math.round((rounds * micros) / each));
  }
  return rounds;
}

/** Of all results, in any order. */
export function checksum(results: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < results.length; index++)
    sum = (sum + (results[index] as number) * ((index % 97) + 1)) % 2 ** 40;
  return sum;
}
