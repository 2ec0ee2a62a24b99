/** The task that does nothing. */
export function noop(): void {
  // What a pool does for it is what is measured.
}

/** As piscina and tinypool take it. */
export default noop;
