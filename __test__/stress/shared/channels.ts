/** Producers, consumers and writers, killed at any instant: what the living have put arrives once and whole. */
import { Pipe, Queue } from 'zygote';
import { type MakeScene, must, until, Words } from './scene.js';

/** Messages of one worker after which it counts from the begin again. None is in the queue for as long. */
const LAP = 8192;

/** Messages in the queue at most. */
const MOST = 40;

interface Numbered {
  worker: number;
  number: number;
  bytes: Buffer;
}

/** Some are copied at once, and some not. */
const bytesOf = (number: number): Buffer => Buffer.alloc(number % 11 === 0 ? 90_000 : 40, number);

const messageOf = (worker: number, number: number): Numbered => ({ worker, number, bytes: bytesOf(number) });

const isWhole = ({ number, bytes }: Numbered): boolean => bytes.equals(bytesOf(number));

/** Beside the count of a message: nobody knows whether it was put. */
const UNKNOWN = 2 ** 16;

/** From outside, so that nobody waits for what the dead would have put. */
const NUDGE = -1;

/** Each worker puts and takes. How often each message was taken is counted in memory that all share. */
const queue: MakeScene = (workers) => {
  const messages = new Queue<Numbered>({ maxSize: MOST, maxBytes: 2 ** 22 });
  const [wrong, missing, twice, kills] = [0, 1, 2, 3];
  const next = (worker: number): number => 4 + worker;
  const done = (worker: number): number => 4 + workers + worker;
  const progress = (worker: number): number => 4 + 2 * workers + worker;
  const taken = (worker: number, number: number): number => 4 + 3 * workers + worker * LAP + (number % LAP);
  const words = new Words(4 + 3 * workers + workers * LAP);
  const note = (message: Numbered): void => {
    if (!isWhole(message)) words.add(wrong, 1);
    if (message.worker !== NUDGE) words.add(taken(message.worker, message.number), 1);
  };
  /** A message that is in the queue no longer. */
  const settle = (worker: number, number: number): void => {
    const counted = words.get(taken(worker, number));
    const count = counted % UNKNOWN;
    if (counted === 0) words.add(missing, 1);
    if (count > 1) words.add(twice, count - 1);
    words.set(taken(worker, number), 0);
  };
  /** The last message of who was killed while it was putting it. */
  const setAside = (worker: number): void => {
    const number = words.get(next(worker)) - 1;
    if (number < 0 || words.get(done(worker)) > number) return;
    words.add(taken(worker, number), UNKNOWN);
    words.set(done(worker), number + 1);
  };
  return {
    async work(worker) {
      setAside(worker);
      // As many are taken as were put, or all would wait.
      let ahead = 0;
      for (let number = words.get(next(worker)); ; number++) {
        if (number >= LAP) settle(worker, number - LAP);
        words.set(next(worker), number + 1);
        if (number % 3 === 0) messages.putSync(messageOf(worker, number));
        else await messages.put(messageOf(worker, number));
        words.set(done(worker), number + 1);
        if (ahead > 0) ahead--;
        else note(number % 5 === 0 ? messages.getSync() : await messages.get());
        const more = number % 7 === 0 ? await messages.tryGet({ timeout: 1 }) : undefined;
        if (more) {
          note(more.value);
          ahead++;
        }
        words.add(progress(worker), 1);
      }
    },
    progress: (worker) => words.get(progress(worker)),
    async afterKill() {
      words.add(kills, 1);
      if (messages.size < MOST / 4) await messages.put(messageOf(NUDGE, 0), { timeout: 1 }).catch(() => {});
      // What the dead have left must not fill the queue.
      for (let size = messages.size; size > MOST / 2; size--) {
        const more = await messages.tryGet();
        if (more) note(more.value);
      }
    },
    async finish() {
      messages.close();
      for await (const message of messages) note(message);
      must(messages.size === 0, 'the queue is not empty');
      for (let worker = 0; worker < workers; worker++) {
        setAside(worker);
        const end = words.get(next(worker));
        for (let number = Math.max(0, end - LAP); number < end; number++) settle(worker, number);
      }
      must(words.get(wrong) === 0, `${words.get(wrong)} messages were not whole`);
      must(words.get(twice) === 0, `${words.get(twice)} messages were taken twice`);
      // Who is killed may have taken one that it has not counted.
      const allowed = words.get(kills) + workers;
      must(words.get(missing) <= allowed, `${words.get(missing)} messages are missing after ${words.get(kills)} kills`);
    },
    summary: () => {
      const all = Array.from({ length: workers }, (_, worker) => words.get(next(worker)));
      return `${all.reduce((sum, count) => sum + count, 0)} messages, ${words.get(missing)} gone with the dead`;
    },
  };
};

/** Each worker writes into one pipe; this process reads. */
const pipe: MakeScene = (workers) => {
  const [reader, writer] = Pipe<Numbered & { life: number }>({ duplex: false });
  const lives = new Words(workers);
  const received = Array.from({ length: workers }, () => 0);
  const last: { life: number; number: number }[] = Array.from({ length: workers }, () => ({ life: 0, number: -1 }));
  let wrong = 0;
  const read = (async () => {
    for await (const message of reader) {
      const { worker, life, number } = message;
      const before = last[worker] ?? { life: 0, number: -1 };
      // What one sends comes in order, without a gap, from its first one on.
      const follows = life === before.life ? number === before.number + 1 : life > before.life && number === 0;
      if (!follows || !isWhole(message)) wrong++;
      last[worker] = { life, number };
      received[worker] = (received[worker] ?? 0) + 1;
    }
  })();
  return {
    async work(worker) {
      const life = lives.add(worker, 1) + 1;
      for (let number = 0; ; number++) {
        await writer.send({ ...messageOf(worker, number), life });
      }
    },
    progress: (worker) => received[worker] ?? 0,
    async finish() {
      writer.close();
      let ended = false;
      void read.then(() => (ended = true));
      await until(() => ended);
      reader.close();
      must(wrong === 0, `${wrong} messages were not whole, or not in order`);
    },
    summary: () => `${received.reduce((sum, count) => sum + count, 0)} messages`,
  };
};

export const channels: Record<string, MakeScene> = { queue, pipe };
