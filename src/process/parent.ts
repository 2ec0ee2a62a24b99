/** The parent, as a child sees it. */
import { EventEmitter } from 'node:events';
import { type Channel, isTapped, Kind, type Tap } from './channel.js';
import { Inbox } from './inbox.js';
import type { ParentLink } from './link.js';
import { pickling } from './pickling.js';
import { waitFor, type WaitOptions } from './waiting.js';

/** Events of a {@link ParentProcess}. */
export interface ParentEvents {
  message: [value: unknown];
  /** A message could not be read. */
  error: [error: unknown];
}

/** The process that started this one. */
export class ParentProcess extends EventEmitter<ParentEvents> {
  #channel: Channel | undefined;
  /** Takes what a pool sends to its worker. */
  #tap: Tap | undefined;
  readonly #inbox = new Inbox();
  readonly #waiting: unknown[] = [];
  #gone = false;
  /** This process is its child as the system sees it: not on Windows, nor where the child is a forkserver's own. */
  readonly #isDirect: boolean;
  #setGone!: () => void;
  readonly #ended: Promise<void>;

  constructor(
    readonly pid: number,
    readonly name: string,
    private readonly link: ParentLink,
    private readonly onGone: () => void = () => {},
  ) {
    super();
    this.#isDirect = process.platform !== 'win32' && process.ppid === pid;
    this.#ended = new Promise((resolve) => (this.#setGone = resolve));
    // Reading begins with the first listener: until then the messages wait in the socket.
    const untyped = this as unknown as EventEmitter;
    untyped.on('newListener', (event) => {
      if (event !== 'message') return;
      this.#open().setRef(true);
      // Those that came while nobody listened.
      if (this.#waiting.length > 0) queueMicrotask(() => this.#deliverWaiting());
    });
    untyped.on('removeListener', () => this.#letGo());
  }

  /** Whether it still runs. */
  get isAlive(): boolean {
    if (this.#gone) return false;
    // A process whose parent ends is given another one.
    if (this.#isDirect) return process.ppid === this.pid;
    this.#open();
    return true;
  }

  /** Waits until it has ended; false after the timeout. */
  async join(options: WaitOptions = {}): Promise<boolean> {
    const channel = this.#open();
    channel.setRef(true);
    try {
      return (
        (await waitFor(
          this.#ended.then(() => true),
          options,
        )) ?? false
      );
    } finally {
      this.#letGo();
    }
  }

  /** Sends a value; resolves when it is handed to the system. Rejects with a TransferError if it cannot be transferred. */
  async send(value: unknown): Promise<void> {
    const loaded = pickling();
    // As the value is now.
    const { pickle } = loaded instanceof Promise ? await loaded : loaded;
    await this.#open().send(Kind.message, pickle(value));
  }

  /** Waits until all messages are handed to the system, or the parent is gone. */
  async flush(): Promise<void> {
    await this.#channel?.flush();
  }

  /** Notices the end of the parent even where nobody listens for messages. */
  watch(): void {
    this.#open();
  }

  /** @internal What a pool sends goes to `tap`, and keeps nothing alive. */
  tap(tap: Tap): Channel {
    this.#tap = tap;
    return this.#open();
  }

  /** @internal Sends to a pool; where that is possible the system has it when this returns. */
  async report(kind: Kind, segments: Uint8Array[]): Promise<void> {
    try {
      await this.link.report(kind, { segments, descriptors: [] });
    } catch {
      // It is gone.
    }
  }

  #letGo(): void {
    if (this.listenerCount('message') === 0) this.#channel?.setRef(false);
  }

  #open(): Channel {
    if (!this.#channel) {
      this.#channel = this.link.open(
        (kind, body) => {
          if (isTapped(kind)) this.#tap?.receive(kind, body);
          if (kind !== Kind.message) return;
          this.#inbox.take(
            body,
            (value) => this.#deliver(value),
            (error) => this.emit('error', error),
          );
        },
        () => {
          this.#gone = true;
          this.#setGone();
          this.#tap?.end();
          this.onGone();
        },
      );
      this.#channel.setRef(false);
    }
    return this.#channel;
  }

  #deliver(value: unknown): void {
    this.#waiting.push(value);
    this.#deliverWaiting();
  }

  /** One by one: a listener may be for one message only. */
  #deliverWaiting(): void {
    while (this.#waiting.length > 0 && this.listenerCount('message') > 0) this.emit('message', this.#waiting.shift());
  }
}
