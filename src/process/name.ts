/** Names of processes that were given none: `Process-1`, and `Process-1:2` for the second child of the first. */

let prefix = 'Process-';
let count = 0;

export function nextName(): string {
  return `${prefix}${++count}`;
}

/** In a child: its own children are counted from 1, below its name. */
export function countBelow(name: string): void {
  prefix = `${name}:`;
  count = 0;
}
