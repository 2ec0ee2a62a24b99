/** The end of a child of `Process`. */

interface Internals {
  _exiting: boolean;
  reallyExit(code: number): never;
}

/**
 * `process.exit` as Node has it, whatever has been put in its place: test runners replace it by functions that throw or that
 * tell the runner.
 */
export function exit(code?: number): never {
  const internals = process as unknown as Internals;
  if (code !== undefined) process.exitCode = code;
  if (!internals._exiting) {
    internals._exiting = true;
    process.emit('exit', Number(process.exitCode ?? 0));
  }
  return internals.reallyExit(Number(process.exitCode ?? 0));
}

/** Waits until what was written to stdout and stderr is with the system: an exit does not wait for it. */
export async function flushOutput(): Promise<void> {
  const opened = (['stdout', 'stderr'] as const).filter(isOpened).map((name) => process[name]);
  await Promise.all(opened.map(flush));
}

/** Node opens them at the first look, for which it loads more than a small child needs else. All that wait for something are sockets. */
function isOpened(name: 'stdout' | 'stderr'): boolean {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: string[] };
  if (!moduleLoadList || moduleLoadList.includes('NativeModule net')) return true;
  // What somebody has put in its place.
  return Object.getOwnPropertyDescriptor(process, name)?.get === undefined;
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    // Also called with an error: then nobody is left who reads.
    else stream.write('', () => resolve());
  });
}
