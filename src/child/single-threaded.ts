/**
 * The end of a child that has none of its parent's threads: Node's own exit joins them, which crashes or hangs, so every
 * way out ends in `_exit`, after the `exit` listeners as always.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { native } from '../native/binding.js';

/** Call it once, in the child. */
export function endWithoutThreads(): void {
  const exitNow = (code?: unknown): never => native().exitNow(Number(code ?? process.exitCode ?? 0) & 0xff);
  (process as unknown as { reallyExit: typeof exitNow }).reallyExit = exitNow;
  process.abort = () => {
    process.kill(native().processId(), 'SIGABRT');
    return exitNow(134);
  };
  process.on('beforeExit', () => {
    // Other listeners may give the loop something to do; `beforeExit` comes again after that.
    process.nextTick(() => {
      if (process.getActiveResourcesInfo().every((name) => name === 'TTYWrap' || name === 'PipeWrap')) process.exit();
    });
  });
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') > 1) return;
    writeSync(2, `${error instanceof Error ? (error.stack ?? error.message) : `Uncaught ${inspect(error)}`}\n`);
    process.exit(1);
  });
}
