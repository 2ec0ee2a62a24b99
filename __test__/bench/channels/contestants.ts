/** What is compared: each with a peer in another process, or in another thread. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Pipe, Process, Queue } from 'zygote';
import { type Link, linkOf, roundTrips, throughput } from './link.js';
import { serveConnection, serveQueues } from './served.js';

export interface Contestant {
  name: string;
  /** Microseconds of each of so many round trips. */
  roundTrips(bytes: number, count: number): Promise<number[]>;
  /** Messages a second, one way. */
  throughput(bytes: number, count: number): Promise<number>;
  end(): unknown;
}

const PEER = fileURLToPath(new URL('peer.js', import.meta.url));

export async function contestants(): Promise<Contestant[]> {
  return [port(), ipc('json'), ipc('advanced'), await connection(), await queue()];
}

function measured(
  name: string,
  link: Link,
  end: () => unknown,
  messageOf: (bytes: number) => unknown = (bytes) => Buffer.alloc(bytes, 'x'),
): Contestant {
  return {
    name,
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
  return measured('MessagePort, two threads', link, () => worker.postMessage('over'));
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
  return measured(`child_process, ${serialization}`, link, () => child.send('over'), messageOf);
}

async function connection(): Promise<Contestant> {
  const [ours, theirs] = Pipe();
  await new Process({ target: serveConnection, args: [theirs], method: 'spawn' }).start();
  theirs.close();
  const link = { send: (message: unknown) => ours.send(message), receive: () => ours.recv() };
  return measured('zygote Connection', link, () => ours.send('over'));
}

async function queue(): Promise<Contestant> {
  const [to, back] = [new Queue(), new Queue()];
  await new Process({ target: serveQueues, args: [to, back], method: 'spawn' }).start();
  const link = { send: (message: unknown) => to.put(message), receive: () => back.get() };
  return measured('zygote Queue', link, () => to.put('over'));
}
