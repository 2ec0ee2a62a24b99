// A prefork HTTP server: several processes answer on one listening socket from one large table in memory, of which there is one
// copy. A worker that dies is started again.
//
//   npm run example:server                    then: curl http://localhost:8080/record999999
//   PORT=0 WORKERS=4 npm run example:server
import { once } from 'node:events';
import { createServer } from 'node:http';
import { cpuCount, Supervisor } from 'zygote';

const { PORT = '8080', WORKERS = String(cpuCount()), RECORDS = '1000000' } = process.env;

const table = new Map();
for (let id = 0; id < Number(RECORDS); id++) table.set(`record${id}`, { id, name: `name of ${id}`, score: id % 1000 });

const server = createServer((request, response) => {
  const record = table.get(decodeURIComponent(request.url.slice(1)));
  response.writeHead(record ? 200 : 404, { 'content-type': 'application/json', 'x-pid': process.pid });
  response.end(JSON.stringify(record ?? { error: 'no such record' }));
});
server.listen(Number(PORT));
await once(server, 'listening');

// The listeners of the server and the table are inherited; each worker waits for connections by itself.
const serve = () => new Promise(() => {});
const names = Array.from({ length: Number(WORKERS) }, (_, index) => `worker-${index + 1}`);
const jobs = names.map((name) => [name, { target: serve, inherit: [server] }]);
const supervisor = new Supervisor(Object.fromEntries(jobs), { backoff: { initial: 10 } });
supervisor.on('exit', (name, { exitCode, signalCode }) => console.log(`${name} has ended: ${signalCode ?? exitCode}`));
supervisor.on('start', (name, pid) => console.log(`${name} serves, pid ${pid}`));
supervisor.on('giveUp', (name, error) => console.error(`${name}: ${error.message}`));
await supervisor.start();

let own = 0;
for (const name of names) own += (await supervisor.process(name)?.memory())?.uss ?? 0;
console.log(`${WORKERS} workers have ${mb(own)} for themselves, of ${mb(process.memoryUsage().rss)} in this process`);
console.log(`listening on ${server.address().port}, also this process, pid ${process.pid}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close();
    await supervisor.stop();
    server.closeAllConnections();
    console.log('all have ended');
  });
}

function mb(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
