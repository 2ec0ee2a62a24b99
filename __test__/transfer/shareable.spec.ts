import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import test from 'ava';
import { TransferError, ZygoteError } from 'zygote';
import { native } from '#dist/native/binding';
import { MOST_DESCRIPTORS, pickle, type Pickled, unpickle } from '#dist/transfer/pickle';
import { registerShareable, share, type Shared } from '#dist/transfer/shareable';

/** A file that is shared, and something that belongs to it. */
class Thing {
  constructor(
    readonly fds: number[],
    readonly belonging: unknown = null,
  ) {}

  [share](): Shared {
    if (this.fds.length === 0) throw new ZygoteError('ERR_ZYGOTE_CLOSED', 'this Thing is closed');
    return { kind: 'test/Thing', state: { belonging: this.belonging }, descriptors: this.fds };
  }
}

registerShareable('test/Thing', ({ belonging }: { belonging: unknown }, descriptors) => {
  if (belonging === 'faulty') {
    descriptors.forEach((fd) => closeSync(fd));
    throw new Error('no such Thing');
  }
  return new Thing(descriptors, belonging);
});

const onUnix = process.platform === 'win32' ? test.skip : test;

function opened(count = 1): number[] {
  return Array.from({ length: count }, () => openSync('/dev/zero', 'r'));
}

/** What a transport does: the receiver gets duplicates. */
function transported(value: unknown): Pickled {
  const { segments, descriptors } = pickle(value, { descriptors: true });
  return { segments, descriptors: descriptors.map((fd) => native().duplicateDescriptor(fd)) };
}

function isOpen(fd: number | undefined): boolean {
  try {
    fstatSync(fd ?? -1);
    return true;
  } catch {
    return false;
  }
}

onUnix('a shared object arrives with descriptors of its own', (t) => {
  const thing = new Thing(opened(2), 'mine');
  const arrived = unpickle(transported({ list: [thing, thing] })) as { list: Thing[] };
  const [made, again] = arrived.list;
  t.true(made instanceof Thing);
  t.is(made, again);
  t.is(made?.belonging, 'mine');
  t.is(made?.fds.length, 2);
  for (const fd of thing.fds) closeSync(fd);
  const byte = Buffer.from([1]);
  for (const fd of made?.fds ?? []) {
    t.is(readSync(fd, byte), 1);
    closeSync(fd);
  }
});

onUnix('what belongs to a shared object may be shared, too', (t) => {
  const inner = new Thing(opened());
  const outer = new Thing(opened(), { inner, error: new RangeError('with it') });
  const [made, alone] = unpickle(transported([outer, inner])) as [Thing, Thing];
  const { inner: madeInner, error } = made.belonging as { inner: Thing; error: RangeError };
  t.is(madeInner, alone);
  t.is(error.message, 'with it');
  t.not(made.fds[0], alone.fds[0]);
  for (const { fds } of [inner, outer, made, alone]) closeSync(fds[0] as number);
});

onUnix('to be shared an object has to be passed while a process is being started', (t) => {
  const thing = new Thing(opened());
  const error = t.throws(() => pickle({ put: [thing] }), { instanceOf: TransferError });
  t.is(error?.path, '$.put[0]');
  t.is(
    error?.reason,
    "it is a Thing, which can only be shared with a process while it is being started: pass it in args, or to a pool's workers in initArgs",
  );
  closeSync(thing.fds[0] as number);
});

test('one that is closed says so', (t) => {
  const error = t.throws(() => pickle([new Thing([])], { descriptors: true }), { instanceOf: TransferError });
  t.is(error?.path, '$[0]');
  t.is(error?.reason, 'this Thing is closed');
});

onUnix('what belongs to it and cannot travel is named', (t) => {
  const thing = new Thing(opened(), { task: () => {} });
  const error = t.throws(() => pickle([thing], { descriptors: true }), { instanceOf: TransferError });
  t.is(error?.path, '$[0]');
  t.regex(error?.reason ?? '', /^what belongs to it cannot travel, at \$\.belonging\.task: /);
  closeSync(thing.fds[0] as number);
});

onUnix('an object that contains itself cannot be rebuilt', (t) => {
  const belonging: { self?: Thing } = {};
  const thing = new Thing(opened(), belonging);
  belonging.self = thing;
  t.throws(() => pickle(thing, { descriptors: true }), { instanceOf: TransferError, message: /contains .* itself/ });
  closeSync(thing.fds[0] as number);
});

onUnix('where one cannot be rebuilt no descriptor stays open', (t) => {
  const things = [new Thing(opened()), new Thing(opened(), 'faulty'), new Thing(opened())];
  const message = transported(things);
  t.throws(() => unpickle(message), { instanceOf: TransferError, message: /no such Thing/ });
  t.deepEqual(message.descriptors.slice(1).filter(isOpen), []);
  closeSync(message.descriptors[0] as number);
  for (const { fds } of things) closeSync(fds[0] as number);
});

onUnix('what this process does not know is refused, and no descriptor stays open', (t) => {
  const stranger = Object.assign(new Thing(opened()), {
    [share]: () => ({ kind: 'elsewhere/Stranger', state: null, descriptors: stranger.fds }),
  });
  const message = transported([stranger]);
  t.throws(() => unpickle(message), { instanceOf: TransferError, message: /elsewhere\/Stranger/ });
  t.deepEqual(message.descriptors.filter(isOpen), []);
  closeSync(stranger.fds[0] as number);
});

onUnix('more descriptors than the system can pass are refused', (t) => {
  const [fd] = opened();
  const many = (count: number) => new Thing(Array(count).fill(fd) as number[]);
  t.is(pickle(many(MOST_DESCRIPTORS), { descriptors: true }).descriptors.length, MOST_DESCRIPTORS);
  t.throws(() => pickle([many(MOST_DESCRIPTORS), many(1)], { descriptors: true }), {
    instanceOf: TransferError,
    message: /have 250 descriptors, and the system passes at most 249 .* share fewer objects/,
  });
  closeSync(fd as number);
});
