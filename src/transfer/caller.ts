/** The URL of the module that a public function of this package was called from. */

/** Undefined for code that is in no module, such as a REPL's. */
export function callerOf(called: (...args: never[]) => unknown): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const trace: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(trace, called);
    const name = trace.stack?.[0]?.getFileName();
    if (!name) return undefined;
    return /^[a-z][a-z+.-]+:/i.test(name) ? name : process.getBuiltinModule('node:url').pathToFileURL(name).href;
  } catch {
    return undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
