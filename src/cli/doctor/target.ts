/** What the doctor's processes run. */
export function answer(): number {
  return 42;
}
