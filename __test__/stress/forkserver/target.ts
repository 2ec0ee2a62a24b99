/** Gives back what it was given, from a process of its own. */
export function echo(number: number): number {
  return number;
}
