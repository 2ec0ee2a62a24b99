import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { TransferError } from 'zygote';
import { pickle, unpickle } from '#dist/transfer/pickle';
import { writeFiles } from '../helpers/files.js';

const RECEIVER = fileURLToPath(new URL('helpers/handle-receiver.js', import.meta.url));
const onUnix = process.platform === 'win32' ? test.skip : test;

/** Starts a process that gets a value with handles in it; settles when it has ended. */
function give(value: unknown): Promise<number> {
  const { segments, descriptors } = pickle(value, { descriptors: true });
  const child = spawn(process.execPath, [RECEIVER], { stdio: ['pipe', 'inherit', 'inherit', ...descriptors] });
  child.stdin?.end(
    JSON.stringify({
      segments: segments.map((segment) => Buffer.from(segment).toString('base64')),
      count: descriptors.length,
    }),
  );
  return once(child, 'exit').then(([code]) => code as number);
}

async function listening<S extends Server>(
  t: ExecutionContext,
  server: S,
  ...where: [number, string] | [string]
): Promise<S> {
  server.listen(...(where as [number, string]));
  t.teardown(() => server.close());
  await once(server, 'listening');
  return server;
}

/** Both ends of a connection. */
async function connection(t: ExecutionContext): Promise<[Socket, Socket]> {
  const server = await listening(t, createServer(), 0, '127.0.0.1');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  t.teardown(() => {
    client.destroy();
    accepted.destroy();
  });
  return [client, accepted];
}

for (const [what, create] of [
  ['a net.Server', () => createServer()],
  ['an http.Server', () => createHttpServer()],
] as const) {
  onUnix(`${what} arrives as a net.Server that listens`, async (t) => {
    const server = await listening(t, create(), 0, '127.0.0.1');
    const { port } = server.address() as AddressInfo;
    const ended = give({ server });
    // The other process has it.
    server.close();
    t.is(await text(connect(port, '127.0.0.1')), 'served by a net.Server');
    t.is(await ended, 0);
  });
}

onUnix('a server on a path arrives', async (t) => {
  const folder = writeFiles(t, {});
  const server = await listening(t, createServer(), join(folder, 'socket'));
  const ended = give({ server });
  // To close it would remove its path.
  renameSync(join(folder, 'socket'), join(folder, 'other'));
  server.close();
  t.is(await text(connect(join(folder, 'other'))), 'served by a net.Server');
  t.is(await ended, 0);
});

onUnix('a connected socket arrives, once, however often it occurs', async (t) => {
  const [client, accepted] = await connection(t);
  const ended = give({
    nested: new Map([
      ['socket', accepted],
      ['again', accepted],
    ]),
  });
  accepted.destroy();
  t.is(await text(client), 'one socket');
  t.is(await ended, 0);
});

onUnix('several handles arrive, each as itself', async (t) => {
  const [client, accepted] = await connection(t);
  const server = await listening(t, createServer(), 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const ended = give({ socket: accepted, server });
  accepted.destroy();
  server.close();
  t.is(await text(client), 'through the socket');
  t.is(await text(connect(port, '127.0.0.1')), 'served by a net.Server');
  t.is(await ended, 0);
});

onUnix('a datagram socket arrives bound', async (t) => {
  const datagram = createSocket('udp4').bind(0, '127.0.0.1');
  const client = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => client.close());
  await Promise.all([once(datagram, 'listening'), once(client, 'listening')]);
  const { port } = datagram.address();
  const ended = give({ datagram });
  datagram.close();
  const answer = once(client, 'message');
  client.send('a message', port, '127.0.0.1');
  t.is(String((await answer)[0]), 'got a message');
  t.is(await ended, 0);
});

onUnix('streams of files arrive', async (t) => {
  const folder = writeFiles(t, { in: 'content' });
  const readable = createReadStream(join(folder, 'in'));
  const writable = createWriteStream(join(folder, 'out'));
  await Promise.all([once(readable, 'open'), once(writable, 'open')]);
  t.is(await give({ readable, writable }), 0);
  t.is(readFileSync(join(folder, 'out'), 'utf8'), 'CONTENT');
  readable.destroy();
  writable.destroy();
});

onUnix('the descriptors belong to the objects of the sender', async (t) => {
  const server = await listening(t, createServer(), 0, '127.0.0.1');
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  t.deepEqual(pickle([server, { server }], { descriptors: true }).descriptors, [fd]);
  t.true(server.listening);
});

test('a handle is refused where no descriptors can travel, with what to do', async (t) => {
  const server = await listening(t, createServer(), 0, '127.0.0.1');
  const datagram = createSocket('udp4');
  t.teardown(() => datagram.close());
  for (const [thing, name] of [
    [server, 'a Server'],
    [new Socket(), 'a Socket'],
    [datagram, 'a Socket'],
    [createHttpServer(), 'a Server'],
  ] as const) {
    const error = t.throws(() => pickle({ a: [thing] }), { instanceOf: TransferError });
    t.is(error.path, '$.a[0]');
    t.is(
      error.reason,
      `it is ${name}, which can only be passed to a process while it is being started: put it in args`,
    );
  }
});

onUnix('a handle that cannot travel is refused, with the reason', async (t) => {
  const [client, accepted] = await connection(t);
  const file = await open(RECEIVER);
  t.teardown(() => file.close());
  const unread = once(accepted, 'readable');
  client.write('unread');
  await unread;
  const unbound = createSocket('udp4');
  t.teardown(() => unbound.close());
  for (const [thing, reason] of [
    [createServer(), /does not listen/],
    [new Socket(), /not connected/],
    [unbound, /not bound/],
    [accepted, /received and not yet read/],
    [createTlsServer(), /TLS server has keys/],
    [new TLSSocket(new Socket()), /TLS connection has keys/],
    [file, /FileHandle belongs to its process/],
  ] as const) {
    const error = t.throws(() => pickle([thing], { descriptors: true }), { instanceOf: TransferError });
    t.is(error.path, '$[0]');
    t.regex(error.reason, reason);
  }
});

test('a class of the user that is only called like one is no handle', (t) => {
  class Server {
    port = 1;
  }
  t.deepEqual(unpickle(pickle([new Server()])), [{ port: 1 }]);
});

onUnix('descriptors that nothing comes of are closed', async (t) => {
  const folder = writeFiles(t, {});
  writeFileSync(join(folder, 'file'), '');
  const isOpen = (fd: number): boolean => {
    try {
      fstatSync(fd);
      return true;
    } catch {
      return false;
    }
  };
  const readable = createReadStream(join(folder, 'file'));
  await once(readable, 'open');
  const { segments } = pickle({ readable }, { descriptors: true });
  const [first] = segments as [Uint8Array];
  for (const bytes of [new Uint8Array(9), first.subarray(0, first.length - 20), Uint8Array.of(2, 255, 15)]) {
    const fd = openSync(join(folder, 'file'), 'r');
    t.throws(() => unpickle({ segments: [bytes], descriptors: [fd] }), { instanceOf: TransferError });
    t.false(isOpen(fd));
  }
  const fd = openSync(join(folder, 'file'), 'r');
  unpickle({ segments, descriptors: [fd] });
  t.true(isOpen(fd));
  closeSync(fd);
  readable.destroy();
});
