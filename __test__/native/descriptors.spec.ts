/** Descriptors and how they are passed on. `crates/process` tests what the system does with them. */
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { native } from '#dist/native/binding';

const { closeDescriptor, closeOnExec, duplicateDescriptor, readExactly, receiveMessage } = native();
const { replaceDescriptor, sendMessage, socketPair, writeAll } = native();
const SELF = new URL(import.meta.url);

function pair(t: ExecutionContext): [number, number] {
  const ends = socketPair();
  t.teardown(() => ends.forEach(closeDescriptor));
  return ends;
}

test('a message brings bytes and descriptors', (t) => {
  const [a, b] = pair(t);
  t.is(receiveMessage(b), null, 'nothing yet');
  const file = openSync(SELF, 'r');
  t.is(sendMessage(a, Buffer.from('with two'), [file, file]), 8);
  closeSync(file);
  const { bytes, descriptors } = receiveMessage(b)!;
  t.true(Buffer.isBuffer(bytes));
  t.is(bytes.toString(), 'with two');
  t.is(descriptors.length, 2);
  t.is(readFileSync(descriptors[0]!, 'utf8'), readFileSync(SELF, 'utf8'));
  descriptors.forEach(closeDescriptor);
  t.is(receiveMessage(b), null);
});

test('long messages come in pieces, and the end as an empty one', (t) => {
  const [a, b] = socketPair();
  t.teardown(() => closeDescriptor(b));
  const sent = Buffer.alloc(1 << 20, 'abc');
  const length = sendMessage(a, sent, []);
  t.true(length > 0 && length < sent.length, `${length}`);
  t.is(sendMessage(a, sent, []), -1, 'it would have to wait');
  closeDescriptor(a);
  const pieces: Buffer[] = [];
  for (;;) {
    const { bytes, descriptors } = receiveMessage(b)!;
    t.is(descriptors.length, 0);
    if (bytes.length === 0) break;
    t.true(bytes.length <= 65_536);
    pieces.push(bytes);
  }
  t.true(Buffer.concat(pieces).equals(sent.subarray(0, length)));
});

test('what cannot be sent is refused', (t) => {
  const [a] = pair(t);
  const code = 'ERR_ZYGOTE_INVALID_ARGUMENT';
  t.throws(() => sendMessage(a, Buffer.from('x'), Array<number>(254).fill(a)), {
    code,
    message: /254 .* limit is 253/,
  });
  t.throws(() => sendMessage(a, Buffer.alloc(0), [a]), { code });
  t.throws(() => sendMessage(a, Buffer.from('x'), [-1]), { code, message: '-1 is not a descriptor' });
  t.throws(() => sendMessage(a, Buffer.from('x'), [987_654]), {
    code: 'ERR_ZYGOTE_SYSTEM',
    message: /^sendmsg: Bad file/,
  });
});

test('readExactly fills any view of a buffer', (t) => {
  const [a, b] = socketPair();
  t.teardown(() => closeDescriptor(b));
  const whole = new Uint8Array(8);
  writeAll(a, Buffer.from('12345'));
  t.true(readExactly(b, whole.subarray(2, 5)));
  t.deepEqual([...whole], [0, 0, 49, 50, 51, 0, 0, 0]);
  const shared = Buffer.from(new SharedArrayBuffer(2));
  t.true(readExactly(b, shared));
  t.is(shared.toString(), '45');
  closeDescriptor(a);
  t.false(readExactly(b, whole));
});

test('an end in the middle is an error', (t) => {
  const [a, b] = socketPair();
  t.teardown(() => closeDescriptor(b));
  writeAll(a, Buffer.from('12'));
  closeDescriptor(a);
  t.throws(() => readExactly(b, Buffer.alloc(3)), {
    code: 'ERR_ZYGOTE_SYSTEM',
    message: 'read: the stream ended after 2 of 3 bytes',
  });
});

test('duplicates are other numbers for the same object', (t) => {
  const file = openSync(SELF, 'r');
  const copy = duplicateDescriptor(file);
  t.true(copy > 2 && copy !== file);
  readSync(file, Buffer.alloc(5));
  closeSync(file);
  t.is(readFileSync(copy, 'utf8'), readFileSync(SELF, 'utf8').slice(5), 'one position for both');
  closeDescriptor(copy);
  t.throws(() => duplicateDescriptor(987_654), { code: 'ERR_ZYGOTE_SYSTEM' });
});

/** The event loop goes by the object that it was told to watch, not by its number. */
test('a number that the event loop has watched can be given to another object', async (t) => {
  const [a, b] = pair(t);
  const socket = new Socket({ fd: duplicateDescriptor(b) });
  const handle = (socket as unknown as { _handle: { fd: number; readStart(): void; readStop(): void } })._handle;
  const data = () => once(socket, 'data').then(([bytes]) => String(bytes));
  const first = data();
  writeAll(a, Buffer.from('first'));
  t.is(await first, 'first');
  handle.readStop();

  const [c, d] = pair(t);
  replaceDescriptor(d, handle.fd);
  // `b` is readable from now on: a loop that still watched it would not come to rest.
  writeAll(a, Buffer.from('for nobody'));
  const start = process.cpuUsage();
  await setTimeout(200);
  const { user, system } = process.cpuUsage(start);
  t.true(user + system < 150_000, `${user + system} µs`);

  const second = data();
  handle.readStart();
  writeAll(c, Buffer.from('second'));
  t.is(await second, 'second');
  socket.destroy();
});

test('replaceDescriptor refuses numbers that cannot be', (t) => {
  t.throws(() => replaceDescriptor(0, -1), { code: 'ERR_ZYGOTE_SYSTEM', message: /^dup2: Bad file descriptor/ });
  t.throws(() => replaceDescriptor(987_654, 100), { code: 'ERR_ZYGOTE_SYSTEM' });
});

test('a standard stream can be another object for a time', (t) => {
  const [a, b] = pair(t);
  const stdin = duplicateDescriptor(0);
  replaceDescriptor(b, 0);
  t.is(fstatSync(0).ino, fstatSync(b).ino);
  writeSync(a, 'typed');
  const typed = Buffer.alloc(5);
  t.true(readExactly(0, typed));
  t.is(typed.toString(), 'typed');
  replaceDescriptor(stdin, 0);
  closeDescriptor(stdin);
});

test('closeOnExec', (t) => {
  const [a] = pair(t);
  t.notThrows(() => closeOnExec(a, false));
  t.notThrows(() => closeOnExec(a, true));
  t.throws(() => closeOnExec(987_654, true), { code: 'ERR_ZYGOTE_SYSTEM', message: /^fcntl/ });
});
