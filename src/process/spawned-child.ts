/** A child that Node itself has started, and reaps. */
import type { ChildProcess } from 'node:child_process';
import type { ExitStatus } from '../errors.js';
import type { ChildHandle } from './handle.js';
import { signalNumber } from './status.js';

export class SpawnedChild implements ChildHandle {
  readonly pid: number;
  readonly ended: Promise<ExitStatus>;
  status: ExitStatus | undefined;
  readonly #child: ChildProcess;

  /** @param child has a process id: it was started. */
  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid as number;
    this.ended = new Promise((resolve) => {
      child.once('exit', (exitCode, signalCode) => {
        this.status = { exitCode: signalCode === null ? exitCode : null, signalCode };
        resolve(this.status);
      });
    });
    // A signal that cannot be sent: the child has ended.
    child.on('error', () => {});
  }

  poll(): void {
    // Node tells of the end by itself.
  }

  signal(signal: NodeJS.Signals | number): boolean {
    // Checked here, so that the error is the same for all children.
    const number = signalNumber(signal);
    if (this.status) return false;
    return this.#child.kill(number);
  }

  setRef(keepsAlive: boolean): void {
    if (keepsAlive) this.#child.ref();
    else this.#child.unref();
  }

  release(): void {
    this.#child.removeAllListeners();
  }
}
