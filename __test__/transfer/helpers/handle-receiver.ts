/** A process that gets handles as descriptors from 3 on, and a value with them on its standard input. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Readable, Writable } from 'node:stream';
import type { Socket as DatagramSocket } from 'node:dgram';
import { unpickle } from '#dist/transfer/pickle';

interface Received {
  server?: Server;
  socket?: Socket;
  datagram?: DatagramSocket;
  readable?: Readable;
  writable?: Writable;
  nested?: Map<string, Socket>;
}

const { segments, count } = JSON.parse(readFileSync(0, 'utf8')) as { segments: string[]; count: number };
const received = (await unpickle({
  segments: segments.map((segment) => new Uint8Array(Buffer.from(segment, 'base64'))),
  descriptors: Array.from({ length: count }, (_, index) => 3 + index),
})) as Received;
const { server, socket, datagram, readable, writable, nested } = received;

if (server) {
  server.once('connection', (connection: Socket) => {
    connection.end(`served by ${server.constructor === Server ? 'a net.Server' : 'something else'}`);
    server.close();
  });
}
socket?.end('through the socket');
nested?.get('socket')?.end(nested.get('socket') === nested.get('again') ? 'one socket' : 'two sockets');
if (datagram) {
  const [message, { port }] = (await once(datagram, 'message')) as [Buffer, { port: number }];
  datagram.send(`got ${message.toString()}`, port, '127.0.0.1', () => datagram.close());
}
if (readable && writable) writable.end((await text(readable)).toUpperCase());
