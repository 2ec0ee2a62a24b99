/** For fixtures about raw forks. */
import { type ExitStatus, _exit, fork, waitpid } from 'zygote/posix';
import { report } from './report.js';

/** Runs `body` in a child, which ends by `_exit`; gives its status. What it throws is reported. */
export async function inChild(body: () => unknown): Promise<ExitStatus> {
  const pid = fork();
  if (pid === 0) {
    try {
      await body();
    } catch (error) {
      report('error', error instanceof Error ? error.stack : error);
      _exit(1);
    }
    _exit(0);
  }
  return waitpid(pid);
}
