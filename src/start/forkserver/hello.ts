import type { Socket } from 'node:net';
import { HEAD, type Kind, lengthsSize, readHead, readLengths } from '../../process/channel.js';

/**
 * Takes the first message, of one segment, out of a stream that nobody reads yet; the rest stays in it. Undefined if the stream
 * ends before.
 */
export async function firstMessage(socket: Socket, kind: Kind): Promise<Buffer | undefined> {
  const first = await take(socket, HEAD + lengthsSize(1));
  if (!first || readHead(first).kind !== kind) return undefined;
  const [length = 0] = readLengths(first.subarray(HEAD));
  return take(socket, length);
}

async function take(socket: Socket, size: number): Promise<Buffer | undefined> {
  for (;;) {
    const bytes = socket.read(size) as Buffer | null;
    if (bytes) return bytes.length === size ? bytes : undefined;
    if (socket.readableEnded || socket.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ['readable', 'end', 'close']) socket.off(event, done);
        resolve();
      };
      for (const event of ['readable', 'end', 'close']) socket.on(event, done);
    });
  }
}
