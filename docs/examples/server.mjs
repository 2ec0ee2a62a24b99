// How does a child get a server or a connection?
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { isMainProcess, parentProcess, Process } from 'zygote';

export async function serve(server) {
  server.on('connection', (socket) => socket.end('hello from the child'));
  await parentProcess().send('ready');
  await once(server, 'connection');
  server.close();
}

if (isMainProcess) {
  const method = process.argv[2];
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();

  const inherit = method === 'fork' ? [server] : [];
  const child = await new Process({ method, target: serve, args: [server], inherit }).start();
  await once(child, 'message');
  server.close(); // here: the child has it open

  const [answer] = await once(connect(port, '127.0.0.1').setEncoding('utf8'), 'data');
  console.log(answer);
  await child.result;
}
