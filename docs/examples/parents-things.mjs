// Do the parent's timers, listeners and connections go on in the child?
import { EventEmitter, once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { isMainProcess, Process } from 'zygote';

let ticks = 0;
let connection;
const emitter = new EventEmitter();

export async function look() {
  const before = ticks;
  await wait(50);
  console.log('ticks:', ticks - before);
  console.log('listeners of process:', process.listenerCount('SIGTERM'));
  console.log('listeners of an emitter:', emitter.listenerCount('change'));
  if (!connection) return console.log('connection: none');
  connection.on('error', () => console.log('connection: cut off'));
  connection.write('hello');
  await wait(50);
}

if (isMainProcess) {
  const timer = setInterval(() => ticks++, 1);
  process.on('SIGTERM', () => {});
  emitter.on('change', () => {});
  const server = createServer((socket) => socket.on('data', console.log)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  connection = connect(server.address().port, '127.0.0.1');
  await once(connection, 'connect');

  const child = await new Process({ method: process.argv[2], target: look }).start();
  await child.result;
  clearInterval(timer);
  connection.end();
  server.close();
}
