/** The two halves of what is measured: one side asks, the other serves, over whatever they are connected by. */

/** One end of a connection of any kind. */
export interface Link {
  send(message: unknown): unknown;
  receive(): Promise<unknown>;
}

/** What the served side is to do with the next messages. */
export interface Order {
  what: 'echo' | 'drain';
  count: number;
}

/** Serves until it is told that it is over. */
export async function serve({ send, receive }: Link): Promise<void> {
  for (;;) {
    const order = (await receive()) as Order | 'over';
    if (order === 'over') return;
    for (let i = 0; i < order.count; i++) {
      const message = await receive();
      if (order.what === 'echo') await send(message);
    }
    if (order.what === 'drain') await send('drained');
  }
}

/** Microseconds of each of `count` round trips. */
export async function roundTrips({ send, receive }: Link, message: unknown, count: number): Promise<number[]> {
  const times = [];
  await send({ what: 'echo', count } satisfies Order);
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await send(message);
    await receive();
    times.push((performance.now() - from) * 1000);
  }
  return times;
}

/** Messages a second, one way, of `count` that are sent as fast as they are taken. */
export async function throughput({ send, receive }: Link, message: unknown, count: number): Promise<number> {
  await send({ what: 'drain', count } satisfies Order);
  const from = performance.now();
  for (let i = 0; i < count; i++) await send(message);
  await receive();
  return count / ((performance.now() - from) / 1000);
}

/** Of something that calls a listener for each message. */
export function linkOf(
  send: (message: unknown) => unknown,
  listen: (listener: (message: unknown) => void) => unknown,
): Link {
  const arrived: unknown[] = [];
  let waiting: ((message: unknown) => void) | undefined;
  listen((message) => {
    if (!waiting) {
      arrived.push(message);
      return;
    }
    const resolve = waiting;
    waiting = undefined;
    resolve(message);
  });
  const receive = (): Promise<unknown> => {
    if (arrived.length > 0) return Promise.resolve(arrived.shift());
    return new Promise((resolve) => (waiting = resolve));
  };
  return { send, receive };
}
