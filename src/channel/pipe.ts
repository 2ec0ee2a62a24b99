/** Two ends, connected. */
import { native } from '../native/binding.js';
import { Connection, noteEnds } from './connection.js';
import { QueueEnd } from './queue-end.js';

export interface PipeOptions {
  /** Both ends can send and receive: the default. Else the first can only receive, and the second only send. */
  duplex?: boolean;
}

/**
 * Two connected ends, for two processes: one is passed to the other process in its `args`. Both then have it: close it in the process
 * that has passed it, so that each learns when the other is gone. (A forked child has every end that its parent has; of a pipe of which
 * one end is among its `args` it lets go of the other.)
 *
 * @throws ZygoteError `ERR_ZYGOTE_SYSTEM` if this process has too many open files.
 *
 * @example
 * const [ours, theirs] = Pipe();
 * await new Process({ target: work, args: [theirs] }).start();
 * theirs.close();
 * for await (const message of ours) console.log(message);
 */
export function Pipe<T = unknown>({ duplex = true }: PipeOptions = {}): [Connection<T>, Connection<T>] {
  const [first, second] =
    process.platform === 'win32'
      ? QueueEnd.pair(!duplex)
      : native()
          .connectionPair(!duplex)
          .map((fd) => [fd]);
  const ends: [Connection<T>, Connection<T>] = [
    new Connection(first as number[], { readable: true, writable: duplex }),
    new Connection(second as number[], { readable: duplex, writable: true }),
  ];
  noteEnds(...(ends as [Connection, Connection]));
  return ends;
}
