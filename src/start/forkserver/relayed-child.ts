/** A child of the forkserver, which tells how it ends. */
import type { Socket } from 'node:net';
import type { ExitStatus } from '../../errors.js';
import { native } from '../../native/binding.js';
import type { ChildHandle } from '../../process/handle.js';
import { signalNumber } from '../../process/status.js';
import type { ForkServer } from './client.js';

/** Exit code where the server has ended before the child: as in Python, as nobody knows it. */
const UNKNOWN = 255;

export class RelayedChild implements ChildHandle {
  readonly ended: Promise<ExitStatus>;
  status: ExitStatus | undefined;
  readonly #server: ForkServer;
  #keepsAlive = false;

  /** @param channel ends with the child. */
  constructor(
    server: ForkServer,
    readonly pid: number,
    channel: Socket,
  ) {
    this.#server = server;
    const gone = new Promise<ExitStatus>((resolve) => {
      channel.once('close', () => resolve({ exitCode: UNKNOWN, signalCode: null }));
    });
    this.ended = server.endOf(pid, gone).then((status) => {
      this.status = status;
      this.setRef(false);
      return status;
    });
    this.setRef(true);
  }

  poll(): void {
    // The server tells by itself.
  }

  signal(signal: NodeJS.Signals | number): boolean {
    const number = signalNumber(signal);
    if (this.status) return false;
    try {
      native().sendSignal(this.pid, -1, number);
      return true;
    } catch {
      return false;
    }
  }

  setRef(keepsAlive: boolean): void {
    // Nobody waits for one that has ended.
    if (keepsAlive === this.#keepsAlive || (keepsAlive && this.status)) return;
    this.#keepsAlive = keepsAlive;
    this.#server.use(keepsAlive ? 1 : -1);
  }

  release(): void {
    // Nothing of it is the parent's.
  }
}
