/**
 * Milliseconds on the one clock that every process and thread of this machine shares, so that a time taken in a child can
 * be subtracted from a time taken in its parent. `process.hrtime` is that clock: CLOCK_MONOTONIC on Linux,
 * mach_absolute_time on macOS, QueryPerformanceCounter on Windows. (`performance.now()` is not: it counts from the start of
 * its own thread.) A double holds it to some nanoseconds for years of uptime.
 */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
