/** The target of the benchmark. */
export function noop(): void {
  // Its start and end are what is measured.
}
