/** What is compared: each with a peer in another process, or in another thread. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Pipe, Process, Queue } from 'zygote';
import { python } from './python.js';
import { type Link, linkOf, roundTrips, throughput } from './link.js';
import { serveConnection, serveQueues } from './served.js';

/** What has begun. */
export interface Contestant {
  /** Microseconds of each of so many round trips. */
  roundTrips(bytes: number, count: number): Promise<number[]>;
  /** Messages a second, one way. */
  throughput(bytes: number, count: number): Promise<number>;
  end(): unknown;
}

const PEER = fileURLToPath(new URL('peer.js', import.meta.url));

/** What can be measured. */
export interface Contest {
  name: string;
  begin(): Contestant | Promise<Contestant>;
}

export const CONTESTS: readonly Contest[] = [
  { name: 'MessagePort, two threads', begin: port },
  { name: 'child_process, json', begin: () => ipc('json') },
  { name: 'child_process, advanced', begin: () => ipc('advanced') },
  { name: 'zygote Connection', begin: connection },
  { name: 'zygote Queue', begin: queue },
  { name: 'Python Pipe', begin: () => python('Pipe') },
  { name: 'Python Queue', begin: () => python('Queue') },
];

function measured(
  link: Link,
  end: () => unknown,
  messageOf: (bytes: number) => unknown = (bytes) => Buffer.alloc(bytes, 'x'),
): Contestant {
  return {
    roundTrips: (bytes, count) => roundTrips(link, messageOf(bytes), count),
    throughput: (bytes, count) => throughput(link, messageOf(bytes), count),
    end,
  };
}

function port(): Contestant {
  const worker = new Worker(PEER);
  const link = linkOf(
    (message) => worker.postMessage(message),
    (listener) => worker.on('message', listener),
  );
  return measured(link, () => worker.postMessage('over'));
}

function ipc(serialization: 'json' | 'advanced'): Contestant {
  const child = fork(PEER, { serialization });
  const send = (message: unknown): Promise<void> =>
    new Promise((resolve, reject) => {
      child.send(message as object, (error) => (error ? reject(error) : resolve()));
    });
  const link = linkOf(send, (listener) => child.on('message', listener));
  // JSON makes a list of numbers of a Buffer: it gets a string of the same length.
  const messageOf = serialization === 'json' ? (bytes: number) => 'x'.repeat(bytes) : undefined;
  return measured(link, () => child.send('over'), messageOf);
}

async function connection(): Promise<Contestant> {
  const [ours, theirs] = Pipe();
  await new Process({ target: serveConnection, args: [theirs], method: 'spawn' }).start();
  theirs.close();
  const link = { send: (message: unknown) => ours.send(message), receive: () => ours.recv() };
  return measured(link, () => ours.send('over'));
}

async function queue(): Promise<Contestant> {
  const [to, back] = [new Queue(), new Queue()];
  await new Process({ target: serveQueues, args: [to, back], method: 'spawn' }).start();
  const link = { send: (message: unknown) => to.put(message), receive: () => back.get() };
  return measured(link, () => to.put('over'));
}
