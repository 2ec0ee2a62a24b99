/** One end of a pipe: messages to and from whoever has the other end. */
import { EOFError, ZygoteError } from '../errors.js';
import { type ConnectionEnd, native } from '../native/binding.js';
import type { WaitOptions } from '../process/waiting.js';
import { registerShareable, shareBy } from '../transfer/shareable.js';
import { type Frame, frameOf, kept, MOST_BYTES, valueOf } from './frame.js';
import { whenInherited, whenPassed } from '../process/inherited.js';
import { QueueEnd } from './queue-end.js';
import { assertNotAborted, Wait } from './wait.js';

/** What can be done with an end. */
export type Ways = { readable: boolean; writable: boolean };

/** What `send` of the binding says. */
const Sent = { whole: 0, full: 1, tooManyDescriptors: 2, gone: 3 } as const;

/** What `watch` of the binding takes. */
const RECEIVABLE = 1;
const SENDABLE = 2;

/** Until a descriptor of some other message may have arrived. */
const DESCRIPTORS_AGAIN = 5; // ms

const ON_WINDOWS = process.platform === 'win32';

type End = ConnectionEnd | QueueEnd;

function descriptorsOf(end: End): number[] {
  return 'descriptors' in end ? end.descriptors : [end.descriptor];
}

function largeOf(end: End): Buffer | undefined {
  return 'large' in end ? end.large : undefined;
}

/** Frames are received here, one after the other. */
const into = Buffer.allocUnsafeSlow(MOST_BYTES);

/** A call of `recv`, or one of `poll`, which leaves the message where it is. */
type Receiver = { wait: Wait<unknown>; takes: true } | { wait: Wait<boolean>; takes: false };

/** A call of `send` whose frame the system has not taken yet. */
interface Sender {
  wait: Wait<void>;
  frame: Frame;
}

/**
 * One end of a pipe, see {@link Pipe}. What is sent into it is received, in the same order, from the other end.
 *
 * Several processes may have the same end. Each message goes to one of those that receive from it, whole; a process that is killed
 * while it sends or receives disturbs none of the others. An end that nothing refers to any more closes itself.
 */
export class Connection<T = unknown> {
  static {
    shareBy(Connection, (connection) => ({
      kind: 'channel/Connection',
      state: connection.#ways,
      descriptors: descriptorsOf(connection.#open()),
    }));
  }

  /** Undefined when it is closed. */
  #end: End | undefined;
  readonly #ways: Ways;
  #receivers: Receiver[] = [];
  #senders: Sender[] = [];
  #descriptorsAgain: NodeJS.Timeout | undefined;

  /** @internal Takes the descriptors over. */
  constructor(descriptors: number[], ways: Ways) {
    this.#ways = ways;
    const held = new WeakRef(this);
    const ready = (): void => {
      const connection = held.deref();
      if (connection) connection.#ready();
    };
    this.#end = ON_WINDOWS
      ? new QueueEnd(descriptors, ways, ready)
      : new (native().ConnectionEnd)(descriptors[0] as number, ready);
  }

  /** Whether it can receive. */
  get readable(): boolean {
    return this.#ways.readable;
  }

  /** Whether it can send. */
  get writable(): boolean {
    return this.#ways.writable;
  }

  get closed(): boolean {
    return this.#end === undefined;
  }

  /**
   * Sends a message. It is serialized before this returns: what is changed afterwards is not sent. Resolves when the system has it, which
   * takes as long as the other side does not receive what was sent before.
   *
   * A message whose wait has ended by its timeout or signal is not sent.
   *
   * @throws TransferError with the path to what cannot travel; TimeoutError; the signal's reason; ZygoteError
   * `ERR_ZYGOTE_BROKEN_PIPE` if nobody is left to receive it, `ERR_ZYGOTE_READ_ONLY`, `ERR_ZYGOTE_CLOSED`, `ERR_ZYGOTE_SYSTEM` if
   * there is no memory for it. All by rejecting.
   */
  async send(value: T, options: WaitOptions = {}): Promise<void> {
    assertNotAborted(options);
    const end = this.#open();
    if (!this.#ways.writable) {
      throw new ZygoteError(
        'ERR_ZYGOTE_READ_ONLY',
        'this end of a one-way pipe can only receive: send into the other one',
      );
    }
    const frame = frameOf(value, end);
    if (this.#senders.length === 0 && this.#trySend(end, frame)) return;
    const sender = { wait: undefined as unknown as Wait<void>, frame: kept(frame) };
    sender.wait = new Wait<void>(options, () => this.#removeSender(sender), 'sending a message');
    this.#senders.push(sender);
    this.#watch();
    await sender.wait.promise;
  }

  /**
   * The next message.
   *
   * @throws EOFError if there is none and nobody is left who could send one; TransferError for a message that cannot be had in
   * this process: the next one can be received nevertheless; TimeoutError; the signal's reason; ZygoteError
   * `ERR_ZYGOTE_WRITE_ONLY`, `ERR_ZYGOTE_CLOSED`. All by rejecting.
   */
  async recv(options: WaitOptions = {}): Promise<T> {
    assertNotAborted(options);
    const end = this.#readable();
    if (this.#receivers.length === 0) {
      const length = end.receive(into);
      if (length >= 0) return this.#take(end, length) as T;
    }
    const receiver = { wait: undefined as unknown as Wait<unknown>, takes: true } as const;
    (receiver as { wait: Wait<unknown> }).wait = new Wait<unknown>(
      options,
      () => this.#removeReceiver(receiver),
      'receiving a message',
    );
    this.#receivers.push(receiver);
    this.#watch();
    return receiver.wait.promise as Promise<T>;
  }

  /**
   * Whether there is something to receive: a message, or the end, which `recv` tells by an EOFError. By default as of now; with a `timeout`
   * it waits so long for it.
   *
   * @throws the signal's reason; ZygoteError `ERR_ZYGOTE_WRITE_ONLY`, `ERR_ZYGOTE_CLOSED`.
   */
  async poll({ timeout = 0, signal }: WaitOptions = {}): Promise<boolean> {
    const options = { timeout, signal };
    assertNotAborted(options);
    if (this.#readable().isReceivable()) return true;
    if (timeout <= 0) return false;
    const receiver = { wait: undefined as unknown as Wait<boolean>, takes: false } as const;
    const late = { value: false };
    (receiver as { wait: Wait<boolean> }).wait = new Wait<boolean>(
      options,
      () => this.#removeReceiver(receiver),
      'waiting for a message',
      late,
    );
    this.#receivers.push(receiver);
    this.#watch();
    return receiver.wait.promise;
  }

  /**
   * Lets go of this end. When no process has it any more, the other side receives what was sent before, and then the end. Calls that wait
   * reject with `ERR_ZYGOTE_CLOSED`; messages that the system has not got yet are not sent. May be called again.
   */
  close(): void {
    const end = this.#end;
    if (!end) return;
    this.#end = undefined;
    end.close();
    waiting.delete(this);
    clearTimeout(this.#descriptorsAgain);
    for (const { wait } of this.#receivers.splice(0)) wait.reject(closed());
    for (const { wait, frame } of this.#senders.splice(0)) {
      dispose(frame);
      wait.reject(closed());
    }
  }

  /** The messages, until nobody is left who could send one, or this end is closed meanwhile. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    this.#open();
    for (;;) {
      let message;
      try {
        message = await this.recv();
      } catch (error) {
        if (error instanceof EOFError || this.closed) return;
        throw error;
      }
      yield message;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal In a forked child: who waits here is the parent's. */
  abandon(): void {
    clearTimeout(this.#descriptorsAgain);
    this.#descriptorsAgain = undefined;
    for (const { wait } of this.#receivers.splice(0)) wait.abandon();
    for (const { wait, frame } of this.#senders.splice(0)) {
      wait.abandon();
      dispose(frame);
    }
    this.#watch();
  }

  #open(): End {
    if (!this.#end) throw closed();
    return this.#end;
  }

  #readable(): End {
    const end = this.#open();
    if (this.#ways.readable) return end;
    throw new ZygoteError(
      'ERR_ZYGOTE_WRITE_ONLY',
      'this end of a one-way pipe can only send: receive from the other one',
    );
  }

  /** False if it has to wait. */
  #trySend(end: End, frame: Frame): boolean {
    let sent;
    try {
      sent = end.send(frame.bytes, frame.length, frame.descriptor);
    } catch (error) {
      dispose(frame);
      throw error;
    }
    if (sent === Sent.full) return false;
    if (sent === Sent.tooManyDescriptors) {
      this.#descriptorsAgain ??= setTimeout(() => {
        this.#descriptorsAgain = undefined;
        this.#ready();
      }, DESCRIPTORS_AGAIN);
      return false;
    }
    dispose(frame);
    if (sent === Sent.whole) return true;
    throw new ZygoteError(
      'ERR_ZYGOTE_BROKEN_PIPE',
      'the message was not sent: nobody has the other end of the pipe any more',
    );
  }

  /** What has been received into the buffer. */
  #take(end: End, length: number): unknown {
    if (length > 0) return valueOf(largeOf(end) ?? into, length, end);
    throw new EOFError('there is no message, and nobody left who could send one: the other end of the pipe is closed');
  }

  /** Something can be received, or there is room to send. */
  #ready(): void {
    const end = this.#end;
    if (!end) return;
    this.#sendOn(end);
    this.#receiveOn(end);
    this.#watch();
  }

  #sendOn(end: End): void {
    for (let sender = this.#senders[0]; sender; sender = this.#senders[0]) {
      try {
        if (!this.#trySend(end, sender.frame)) return;
        sender.wait.resolve();
      } catch (error) {
        sender.wait.reject(error);
      }
      this.#senders.shift();
    }
  }

  #receiveOn(end: End): void {
    for (let receiver = this.#receivers[0]; receiver; receiver = this.#receivers[0]) {
      if (receiver.takes) {
        let length;
        try {
          length = end.receive(into);
          if (length < 0) return;
          receiver.wait.resolve(this.#take(end, length));
        } catch (error) {
          receiver.wait.reject(error);
        }
      } else {
        if (!end.isReceivable()) return;
        receiver.wait.resolve(true);
      }
      this.#receivers.shift();
    }
  }

  #removeSender(sender: Sender): void {
    this.#senders = this.#senders.filter((other) => other !== sender);
    dispose(sender.frame);
    this.#watch();
  }

  #removeReceiver(receiver: Receiver): void {
    this.#receivers = this.#receivers.filter((other) => other !== receiver);
    this.#watch();
  }

  /** What is waited for, and nothing else: else this process could not end. */
  #watch(): void {
    const end = this.#end;
    if (!end) return;
    const receives = this.#receivers.length > 0;
    const sends = this.#senders.length > 0 && !this.#descriptorsAgain;
    end.watch((receives ? RECEIVABLE : 0) + (sends ? SENDABLE : 0));
    if (receives || this.#senders.length > 0) waiting.add(this);
    else waiting.delete(this);
  }
}

/** They live as long as somebody waits for what they do. */
const waiting = new Set<Connection>();

/** By one end of a pipe the other one, where both were made in this process or in one that it is a clone of. */
const others = new WeakMap<Connection, WeakRef<Connection>>();

/** Notes that these are the two ends of a pipe. */
export function noteEnds(first: Connection, second: Connection): void {
  others.set(first, new WeakRef(second));
  others.set(second, new WeakRef(first));
}

// A clone that was passed one end has inherited the other one, too. As long as it has it, it cannot learn that its parent closes it.
whenPassed((args) => {
  for (const passed of args) {
    if (!(passed instanceof Connection)) continue;
    const other = others.get(passed as Connection)?.deref();
    if (other && !args.includes(other)) other.close();
  }
});

whenInherited(() => {
  for (const connection of waiting) connection.abandon();
});

function closed(): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_CLOSED', 'the connection is closed');
}

function dispose({ descriptor }: Frame): void {
  if (descriptor >= 0) native().closeDescriptor(descriptor);
}

registerShareable('channel/Connection', (ways: Ways, descriptors) => new Connection(descriptors, ways));
