/** Sockets, servers and streams: what travels is their descriptor, and what has to be known to go on with it. */
import { descriptorOfDatagram } from '../process/inherit.js';

export type Handle =
  | { kind: 'socket'; allowHalfOpen: boolean }
  | { kind: 'server' }
  | { kind: 'datagram'; type: 'udp4' | 'udp6' }
  | { kind: 'readable' }
  | { kind: 'writable' };

const NAMES = new Set(['Socket', 'Server', 'ReadStream', 'WriteStream', 'SyncWriteStream', 'FileHandle']);

/** Whether objects with this prototype have descriptors. Loads none of the modules whose classes it asks for. */
export function isHandle(prototype: object): boolean {
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at) as object | null) {
    const name = (at.constructor as { name?: string } | null | undefined)?.name ?? '';
    if (NAMES.has(name) && isNodes(name, at)) return true;
  }
  return false;
}

/** There is no instance of a class whose module is not loaded; nor does it matter, then, that this loads it. */
function isNodes(name: string, prototype: object): boolean {
  const get = process.getBuiltinModule;
  switch (name) {
    case 'Socket':
      return prototype === get('node:net').Socket.prototype || prototype === get('node:dgram').Socket.prototype;
    case 'Server':
      return prototype === get('node:net').Server.prototype;
    case 'ReadStream':
    case 'WriteStream':
      return prototype === get('node:fs')[name].prototype;
    case 'SyncWriteStream':
      return Object.getPrototypeOf(prototype) === get('node:stream').Writable.prototype;
    default:
      return Object.getOwnPropertyDescriptor(prototype, 'fd')?.get !== undefined;
  }
}

interface Inside {
  fd?: unknown;
  _handle?: { fd?: unknown } | null;
  type?: unknown;
  encrypted?: unknown;
  allowHalfOpen?: boolean;
  readableLength?: number;
  writableLength?: number;
}

/** The handle and its descriptor; or why it cannot travel. */
export function openHandle(object: object): { handle: Handle; fd: number } | string {
  if (process.platform === 'win32')
    return 'on Windows, sockets, servers and streams cannot be passed to other processes';
  const inside = object as Inside;
  const get = process.getBuiltinModule;
  if (object instanceof get('node:net').Server) {
    if ('setSecureContext' in object) {
      return 'a TLS server has keys that stay in this process: pass a net.Server, and speak TLS in the other process';
    }
    return opened(
      { kind: 'server' },
      inside._handle?.fd,
      'the server does not listen on a port or path: pass it when it does',
    );
  }
  if (object instanceof get('node:net').Socket) {
    if (inside.encrypted === true)
      return 'a TLS connection has keys that stay in this process: pass what it carries instead';
    if (inside.readableLength)
      return 'the socket has data that was received and not yet read: pause it before it reads, or read it first';
    if (inside.writableLength) return 'the socket has data that is not yet sent: wait for `drain`';
    return opened(
      { kind: 'socket', allowHalfOpen: inside.allowHalfOpen ?? false },
      inside._handle?.fd,
      'the socket is not connected',
    );
  }
  if (object instanceof get('node:dgram').Socket) {
    const type = inside.type === 'udp6' ? 'udp6' : 'udp4';
    return opened({ kind: 'datagram', type }, descriptorOfDatagram(object), 'the socket is not bound: bind it first');
  }
  const isOut = object instanceof get('node:fs').WriteStream || object.constructor.name === 'SyncWriteStream';
  if (!isOut && !(object instanceof get('node:fs').ReadStream)) {
    return 'a FileHandle belongs to its process: pass the path and open it there, or a stream of fs';
  }
  if (inside.readableLength || inside.writableLength)
    return 'the stream has data in its buffer: pass it before it is used';
  return opened({ kind: isOut ? 'writable' : 'readable' }, inside.fd, 'the stream is not open: wait for `open`');
}

function opened(handle: Handle, fd: unknown, otherwise: string): { handle: Handle; fd: number } | string {
  return Number.isInteger(fd) && (fd as number) >= 0 ? { handle, fd: fd as number } : otherwise;
}

/** Takes a descriptor over that has arrived. */
export function rebuildHandle(handle: Handle, fd: number): object {
  const get = process.getBuiltinModule;
  switch (handle.kind) {
    case 'server':
      return get('node:net').createServer().listen({ fd, exclusive: true });
    case 'datagram': {
      const socket = get('node:dgram').createSocket(handle.type);
      socket.bind({ fd, exclusive: true });
      return socket;
    }
    case 'readable':
      return get('node:fs').createReadStream('', { fd });
    case 'writable':
      return get('node:fs').createWriteStream('', { fd });
    case 'socket': {
      const { ReadStream, WriteStream, isatty } = get('node:tty');
      if (isatty(fd)) return fd === 0 ? new ReadStream(fd) : new WriteStream(fd);
      return new (get('node:net').Socket)({ fd, allowHalfOpen: handle.allowHalfOpen, readable: true, writable: true });
    }
    default:
      throw new TypeError('an unknown kind of handle');
  }
}
