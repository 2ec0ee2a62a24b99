/** Names of processes that were given none: `Process-1`, and `Process-1:2` for the second child of the first. */

let parent: string | undefined;
let count = 0;

export function nextName(className: string): string {
  count++;
  return parent === undefined ? `${className}-${count}` : `${parent}:${count}`;
}

/** In a child: its own children are counted from 1, below its name. */
export function countBelow(name: string): void {
  parent = name;
  count = 0;
}

let pools = 0;

export function nextPoolName(): string {
  return `Pool-${++pools}`;
}
