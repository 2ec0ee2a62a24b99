import { syncBuiltins } from '../child/builtins.js';
import { adoptIdentity, rehearseIdentity } from '../child/identity.js';
import { endWithoutThreads } from '../child/single-threaded.js';
import { disownChildren } from '../process/reaper.js';
import { forgetChildren } from '../process/registry.js';
import { native } from '../native/binding.js';
import { runAfterInChild, runAfterInParent, runBefore } from '../start/atfork.js';
import { awaitCertificates } from '../start/certificates.js';
import { forkOptions } from '../start/options.js';
import { renewWaits } from '../sync/waits.js';
import { assertForkable, type ForkStrategy } from '../start/strategy.js';

/** How to fork by hand. */
export interface ForkOptions {
  /** Default: chosen by what the system can do; see {@link ForkStrategy}. */
  strategy?: ForkStrategy;
}

/**
 * Clones this process, with all of its threads, and returns twice: 0 in the child, the child's process id in the parent.
 *
 * The child is a complete copy, as after POSIX `fork`: the same stack, timers, listeners (also `exit` listeners), Workers
 * and open connections. Only `Process`es that were started before are the parent's alone. Files, sockets and pipes are shared with the parent; event loop, pid, random numbers and pending
 * wake-ups are the child's own. Requests that another thread was waiting in (a read from a FIFO, a lock on a file) fail in
 * the child with `ECANCELED`. Use `Process` for a child that runs one function and nothing of its parent's.
 *
 * Blocks for about 0.3 ms plus the kernel's copy of the page tables: about 20 µs for each MB of resident memory. Wait for
 * the child with {@link waitpid}, or it stays a zombie.
 *
 * @throws ZygoteError `ERR_ZYGOTE_NOT_MAIN_THREAD`, `ERR_ZYGOTE_INSPECTOR_OPEN`, `ERR_ZYGOTE_FORK_TIMEOUT` (a thread could
 * not be stopped), `ERR_ZYGOTE_FORK_FAILED` (EAGAIN, ENOMEM, EMFILE), StartMethodError where it is not possible at all. The
 * process is then as before.
 */
export function fork(options: ForkOptions = {}): number {
  assertForkable();
  const settings = forkOptions(options.strategy, false);
  rehearseIdentity();
  awaitCertificates();
  runBefore();
  let pid = -1;
  try {
    pid = native().fork(settings);
  } finally {
    if (pid !== 0) runAfterInParent(pid);
  }
  if (pid === 0) {
    adoptIdentity();
    syncBuiltins('process');
    disownChildren();
    forgetChildren(true);
    renewWaits();
    if (settings.singleThreaded) endWithoutThreads();
    runAfterInChild();
  }
  return pid;
}
