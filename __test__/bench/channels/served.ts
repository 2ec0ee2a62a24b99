/** The served side in processes of this package. */
import type { Connection, Queue, Semaphore } from 'zygote';
import { serve } from './link.js';

export async function serveConnection(connection: Connection): Promise<void> {
  await serve({ send: (message) => connection.send(message), receive: () => connection.recv() });
}

export async function serveQueues(to: Queue, back: Queue): Promise<void> {
  await serve({ send: (message) => back.put(message), receive: () => to.get() });
}

/** Takes turns with the other side. */
export async function takeTurns(ours: Semaphore, theirs: Semaphore, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await ours.acquire();
    theirs.release();
  }
}
