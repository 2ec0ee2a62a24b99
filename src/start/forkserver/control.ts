/** One end of the socket pair between a process and its forkserver. */
import { native, type ReadableWatcher } from '../../native/binding.js';
import { ZygoteError } from '../../errors.js';

/** In place of the descriptors of a message that this process could not take. */
export const LOST = -1;

/** Messages with descriptors. */
export class Control<Received> {
  readonly #fd: number;
  readonly #watcher: ReadableWatcher;
  #text = '';
  #descriptors: number[] = [];
  #closed = false;

  /**
   * Takes the descriptor over. `onMessage` gets each message and all descriptors that have come and were not taken out of the
   * list, with one `LOST` for all those of a message that could not be taken; `onEnd` is called when the other side is gone.
   */
  constructor(
    fd: number,
    private readonly onMessage: (message: Received, descriptors: number[]) => void,
    private readonly onEnd: () => void,
  ) {
    this.#fd = fd;
    this.#watcher = new (native().ReadableWatcher)(fd, () => this.#receive());
  }

  /**
   * Sends a message at once. Those with descriptors are never many at a time, so that there is room for them.
   *
   * @throws ZygoteError `ERR_ZYGOTE_SYSTEM`, also when the other side is gone.
   */
  send(message: unknown, descriptors: number[] = []): void {
    // The number of the descriptor may be another one's by now.
    if (this.#closed) throw new ZygoteError('ERR_ZYGOTE_SYSTEM', 'sendmsg: Broken pipe');
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
    let sent = 0;
    if (descriptors.length > 0) {
      sent = native().sendMessage(this.#fd, bytes, descriptors);
      if (sent < 0)
        throw new ZygoteError('ERR_ZYGOTE_SYSTEM', 'sendmsg: the forkserver does not take any more requests');
    }
    if (sent < bytes.length) native().writeAll(this.#fd, bytes.subarray(sent));
  }

  setRef(keepsAlive: boolean): void {
    this.#watcher.setRef(keepsAlive);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watcher.close();
    native().closeDescriptor(this.#fd);
    for (const fd of this.#descriptors.splice(0)) if (fd !== LOST) native().closeDescriptor(fd);
  }

  #receive(): void {
    for (;;) {
      let received;
      try {
        received = native().receiveMessage(this.#fd);
      } catch {
        received = { bytes: Buffer.alloc(0), descriptors: [], lost: false };
      }
      if (!received) return;
      if (received.bytes.length === 0) {
        this.close();
        this.onEnd();
        return;
      }
      this.#descriptors.push(...(received.lost ? [LOST] : received.descriptors));
      const lines = (this.#text + received.bytes.toString()).split('\n');
      this.#text = lines.pop() as string;
      for (const line of lines) this.onMessage(JSON.parse(line) as Received, this.#descriptors);
      if (this.#closed) return;
    }
  }
}
