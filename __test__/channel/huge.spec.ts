/** Messages that no 32-bit length can tell. */
import { freemem } from 'node:os';
import test from 'ava';
import { Pipe, Queue } from 'zygote';

const SIZE = 2 ** 31 + 123_457;

/** The message, what it is in on its way, and where it arrives. */
const withMemory = process.platform !== 'win32' && freemem() > 4 * SIZE ? test.serial : test.serial.skip;

/** Not written to as a whole: pages of nothing but zeros cost nothing. */
function message(): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  bytes[0] = 1;
  bytes[2 ** 31] = 2;
  bytes[SIZE - 1] = 3;
  return bytes;
}

function marks(bytes: Uint8Array): (number | undefined)[] {
  return [bytes.length, bytes[0], bytes[1], bytes[2 ** 31 - 1], bytes[2 ** 31], bytes[SIZE - 1]];
}

const MARKS = [SIZE, 1, 0, 0, 2, 3];

withMemory('a message of more than 2 GiB goes through a pipe', async (t) => {
  const [ours, theirs] = Pipe<{ bytes: Uint8Array; after: string }>();
  await Promise.all([
    ours.send({ bytes: message(), after: 'it' }),
    theirs.recv().then(({ bytes, after }) => {
      t.deepEqual(marks(bytes), MARKS);
      t.is(after, 'it');
    }),
  ]);
  ours.close();
  theirs.close();
});

withMemory('a message of more than 2 GiB goes through a queue that takes so much', async (t) => {
  const queue = new Queue<Uint8Array>({ maxBytes: 2 * SIZE });
  await queue.put(message());
  t.deepEqual(marks(await queue.get()), MARKS);
  queue.close();
});
