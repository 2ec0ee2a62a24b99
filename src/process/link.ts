/** A child's end of its channel, before and beside the event loop. */
import type { Socket } from 'node:net';
import { StartMethodError } from '../errors.js';
import { native } from '../native/binding.js';
import type { Pickled } from '../transfer/pickle.js';
import { allocate, type Body, Channel, HEAD, head, type Kind, lengthsSize, readHead, readLengths } from './channel.js';

/** How a child talks with its parent. */
export interface ParentLink {
  /** The next message, in a child that does not inherit what to do; undefined when the parent is gone. */
  receive(kind: Kind): Promise<Uint8Array[] | undefined> | Uint8Array[] | undefined;
  /** Sends a message whatever the event loop does. Where that is possible the system has it when this returns. */
  report(kind: Kind, message: Pickled): Promise<void> | void;
  /** From here on messages come by the event loop. */
  open(onMessage: (kind: Kind, body: Body) => void, onEnd: () => void): Channel;
}

/** A stream socket: read and written at once, however slow the other side is. */
export class DescriptorLink implements ParentLink {
  constructor(private readonly fd: number) {}

  receive(kind: Kind): Uint8Array[] | undefined {
    const first = Buffer.allocUnsafe(HEAD);
    if (!native().readExactly(this.fd, first)) return undefined;
    const found = readHead(first);
    if (found.kind !== kind) throw new Error(`message ${found.kind} came where message ${kind} was expected`);
    const lengths = Buffer.allocUnsafe(lengthsSize(found.segments));
    if (lengths.length > 0 && !native().readExactly(this.fd, lengths)) return undefined;
    const segments = readLengths(lengths).map(allocate);
    const complete = segments.every((segment) => segment.length === 0 || native().readExactly(this.fd, segment));
    return complete ? segments : undefined;
  }

  report(kind: Kind, { segments }: Pickled): void {
    native().writeAll(this.fd, head(kind, segments));
    for (const segment of segments) native().writeAll(this.fd, segment);
  }

  open(onMessage: (kind: Kind, body: Body) => void, onEnd: () => void): Channel {
    return new Channel(socketOf(this.fd), onMessage, onEnd);
  }
}

/** Where the event loop alone can read the channel: on Windows. */
export class StreamLink implements ParentLink {
  readonly #channel: Channel;
  readonly #early: { kind: Kind; body: Body }[] = [];
  #onMessage: (kind: Kind, body: Body) => void;
  #onEnd: () => void = () => {};
  #ended = false;

  constructor(fd: number) {
    this.#onMessage = (kind, body) => this.#early.push({ kind, body });
    this.#channel = new Channel(
      socketOf(fd),
      (kind, body) => this.#onMessage(kind, body),
      () => {
        this.#ended = true;
        this.#onEnd();
      },
    );
  }

  async receive(kind: Kind): Promise<Uint8Array[] | undefined> {
    if (this.#early.length === 0 && !this.#ended) {
      this.#channel.setRef(true);
      await new Promise<void>((resolve) => {
        this.#onEnd = resolve;
        this.#onMessage = (...message) => {
          this.#early.push({ kind: message[0], body: message[1] });
          resolve();
        };
      });
    }
    // Or else a process with nothing left to do would never end.
    this.#channel.setRef(false);
    const first = this.#early.shift();
    if (!first) return undefined;
    if (first.kind !== kind) throw new Error(`message ${first.kind} came where message ${kind} was expected`);
    if (first.body instanceof Error) throw first.body;
    return first.body;
  }

  report(kind: Kind, message: Pickled): Promise<void> {
    return this.#channel.send(kind, message);
  }

  open(onMessage: (kind: Kind, body: Body) => void, onEnd: () => void): Channel {
    for (const { kind, body } of this.#early.splice(0)) onMessage(kind, body);
    this.#onMessage = onMessage;
    this.#onEnd = onEnd;
    if (this.#ended) onEnd();
    return this.#channel;
  }
}

/**
 * Node's permission model counts a socket as network, also one that leads to a child.
 *
 * @throws StartMethodError where it is not allowed.
 */
export function assertChannelAllowed(): void {
  const permission = process.permission as typeof process.permission | undefined;
  // Node older than 25 does not restrict the network, and says that it has no such permission.
  if (!permission || permission.has('net') || !process.allowedNodeEnvironmentFlags.has('--allow-net')) return;
  throw new StartMethodError(
    'the permission model does not allow this process to talk to a child: start it with --allow-net as well',
  );
}

/** A stream of a connected socket; it takes the descriptor over. */
export function socketOf(fd: number, ways = { readable: true, writable: true }): Socket {
  // Not imported: that takes 3 ms, and most children exchange no messages.
  const { Socket: Stream } = process.getBuiltinModule('node:net');
  return new Stream({ fd, ...ways, allowHalfOpen: ways.readable && ways.writable });
}
