/** The parent, as a child sees it. */
import { EventEmitter } from 'node:events';
import { deserialize, serialize } from '../transfer/values.js';
import { Channel, Kind } from './channel.js';

/** The process that started this one. */
export class ParentProcess extends EventEmitter<{ message: [value: unknown] }> {
  #channel: Channel | undefined;

  constructor(
    readonly pid: number,
    private readonly fd: number,
    private readonly onGone: () => void,
  ) {
    super();
    // Reading begins with the first listener: until then the messages wait in the socket.
    const untyped = this as unknown as EventEmitter;
    untyped.on('newListener', (event) => {
      if (event === 'message') this.#open().setRef(true);
    });
    untyped.on('removeListener', () => {
      if (this.listenerCount('message') === 0) this.#channel?.setRef(false);
    });
  }

  /** Sends a value; resolves when it is handed to the system. Rejects with a TransferError if it cannot be serialized. */
  async send(value: unknown): Promise<void> {
    await this.#open().send(Kind.message, serialize(value));
  }

  /** Waits until all messages are handed to the system, or the parent is gone. */
  async flush(): Promise<void> {
    await this.#channel?.flush();
  }

  /** Notices the end of the parent even where nobody listens for messages. */
  watch(): void {
    this.#open();
  }

  #open(): Channel {
    if (!this.#channel) {
      const deliver = (kind: Kind, body: Buffer): void => {
        if (kind === Kind.message) this.emit('message', deserialize(body));
      };
      this.#channel = new Channel(this.fd, deliver, this.onGone);
      this.#channel.setRef(false);
    }
    return this.#channel;
  }
}

let parent: ParentProcess | null = null;

/** False in a process that `Process` has started. */
export let isMainProcess = true;

/** The process that started this one by `Process`; null in the main process. */
export function parentProcess(): ParentProcess | null {
  return parent;
}

/** In a child. */
export function setParent(process: ParentProcess): void {
  parent = process;
  isMainProcess = false;
}
