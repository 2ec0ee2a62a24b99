/** A heap of a given size. */
export interface Item {
  id: number;
  name: string;
  score: number;
}

/** Objects that take about so many bytes. */
export function fill(bytes: number): Item[] {
  const items: Item[] = [];
  const before = process.memoryUsage().heapUsed;
  for (let id = 0; ; id++) {
    if (id % 50_000 === 0 && process.memoryUsage().heapUsed - before > bytes) return items;
    items.push({ id, name: `item ${id}`, score: id / 2 });
  }
}

/** Reads everything, the texts too. */
export function readAll(items: Item[]): number {
  let sum = 0;
  for (const { id, name, score } of items)
    sum = (sum + id + score + name.length + name.charCodeAt(name.length - 1)) % 2 ** 40;
  return sum;
}
