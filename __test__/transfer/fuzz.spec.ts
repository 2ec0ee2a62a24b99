import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { TransferError } from 'zygote';
import { type Pickled, pickle, unpickle } from '#dist/transfer/pickle';
import { pick, seeded } from '../stress/random.js';
import { randomGraph } from './helpers/graph.js';
import { delivered, passes } from './helpers/passes.js';
import { Box, Temperature } from './helpers/things.js';

const seed = Number(process.env['ZYGOTE_TEST_SEED'] ?? Date.now() % 1_000_000_007);

/** Checks that two graphs have the same form: one part of the copy for each of the original, and the reverse. */
function sameForm(original: unknown, copy: unknown): string | undefined {
  const partners = new Map<unknown, unknown>();
  const reverse = new Map<unknown, unknown>();
  const open: [unknown, unknown, string][] = [[original, copy, '$']];
  for (const [a, b, path] of open) {
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
      if (!Object.is(a, b)) return `${path}: not the same`;
      continue;
    }
    if (partners.has(a) || reverse.has(b)) {
      if (partners.get(a) !== b || reverse.get(b) !== a) return `${path}: shared differently`;
      continue;
    }
    partners.set(a, b);
    reverse.set(b, a);
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}: another class`;
    if (a instanceof Box && b instanceof Box) open.push([a.content, b.content, `${path}<content>`]);
    if (a instanceof Temperature && b instanceof Temperature) open.push([a.kelvin, b.kelvin, `${path}<kelvin>`]);
    if (a instanceof Error && b instanceof Error) {
      for (const key of ['message', 'stack', 'cause', 'name'] as const) open.push([a[key], b[key], `${path}.${key}`]);
    }
    if (a instanceof Map && b instanceof Map) open.push([[...a].flat(), [...b].flat(), `${path}<entries>`]);
    if (a instanceof Set && b instanceof Set) open.push([[...a], [...b], `${path}<elements>`]);
    if (ArrayBuffer.isView(a) || a instanceof ArrayBuffer || a instanceof Date || a instanceof RegExp) {
      if (!isDeepStrictEqual(a, b)) return `${path}: not equal`;
    }
    // Large views of one buffer are so in the copy; what else is in the buffer need not be there.
    if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b) && a.byteLength >= 65_536) {
      if ((partners.get(a.buffer) ?? b.buffer) !== b.buffer) return `${path}: another buffer`;
      partners.set(a.buffer, b.buffer);
      reverse.set(b.buffer, a.buffer);
    }
    if (ArrayBuffer.isView(a)) continue;
    const keys = Object.keys(a);
    if (Array.isArray(a) && a.length !== (b as unknown[]).length) return `${path}: another length`;
    if (keys.join() !== Object.keys(b).join())
      return `${path}: keys ${keys.join()} became ${Object.keys(b).join()} (${a.constructor.name})`;
    for (const key of keys) {
      open.push([(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}.${key}`]);
    }
  }
  return undefined;
}

test('random values pass through unchanged, with all that is shared in them', (t) => {
  t.log(`ZYGOTE_TEST_SEED=${seed}`);
  const random = seeded(seed);
  for (let round = 0; round < 300; round++) {
    const value = randomGraph(random, 1 + Math.floor(random() * 40));
    const copy = passes(value);
    const difference = sameForm(value, copy);
    if (difference !== undefined) return t.fail(`round ${round} with seed ${seed}: ${difference}`);
  }
  return t.pass();
});

/** What comes of bytes: a value, or an error. */
async function outcome(pickled: Pickled): Promise<unknown> {
  try {
    return await unpickle(pickled);
  } catch (error) {
    return error;
  }
}

function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const damaged = bytes.slice();
  const at = (): number => Math.floor(random() * damaged.length);
  switch (Math.floor(random() * 4)) {
    case 0:
      return damaged.subarray(0, at());
    case 1: {
      const [from, to] = [at(), at()];
      damaged.copyWithin(to, from, from + 20);
      return damaged;
    }
    default:
      for (let count = 1 + Math.floor(random() * 4); count > 0; count--) damaged[at()] = Math.floor(random() * 256);
      return damaged;
  }
}

test('bytes that were damaged give an error, or another value, and do no harm', async (t) => {
  t.log(`ZYGOTE_TEST_SEED=${seed}`);
  const random = seeded(seed + 1);
  for (let round = 0; round < 1500; round++) {
    const { segments, descriptors } = pickle(randomGraph(random, 1 + Math.floor(random() * 8)));
    // Names of modules are left alone: what a damaged one leads to is the loader's business.
    const [first, ...large] = delivered({ segments, descriptors }).segments as [Uint8Array];
    const url = Buffer.from(first).lastIndexOf('file:');
    const begin = url < 0 ? 0 : url + 200;
    const damaged = Buffer.concat([first.subarray(0, begin), damage(first.subarray(begin), random)]);
    const result = await outcome({
      segments: [new Uint8Array(damaged), ...pick([large, large.slice(1)], random)],
      descriptors,
    });
    if (result instanceof Error && 'code' in result) t.true(result instanceof TransferError);
  }
  t.pass();
});

const garbage: [what: string, segments: () => Uint8Array[]][] = [
  ['no segments', () => []],
  ['an empty segment', () => [new Uint8Array()]],
  ['zeros', () => [new Uint8Array(100)]],
  ['a tag only', () => [Uint8Array.of(1)]],
  ['a tag of a rich value only', () => [Uint8Array.of(2)]],
  ['another tag', () => [Uint8Array.of(77, 1, 2, 3)]],
  ['text', () => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
  [
    'a plain value as a rich one',
    () => [Uint8Array.from(pickle([1, 2]).segments[0]!, (byte, i) => (i === 0 ? 2 : byte))],
  ],
  ['a missing segment', () => [pickle(new Uint8Array(100_000)).segments[0]!]],
  ['a segment that is too short', () => [pickle(new Uint8Array(100_000)).segments[0]!, new Uint8Array(8)]],
  ['a length beyond the end', () => [Uint8Array.of(1, 255, 15, 65, 255, 255, 255, 255, 15)]],
];

for (const [what, segments] of garbage) {
  test(`${what} is refused`, async (t) => {
    const error = await outcome({ segments: segments(), descriptors: [] });
    t.true(error instanceof TransferError, String(error));
    t.is((error as TransferError).code, 'ERR_ZYGOTE_TRANSFER');
  });
}

test('random bytes are refused', async (t) => {
  const random = seeded(seed + 2);
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 60) }, () => Math.floor(random() * 256));
    // Of a version that is known.
    if (random() < 0.7) bytes.set([1 + Math.floor(random() * 2), 255, 15].slice(0, bytes.length));
    await outcome({ segments: [bytes], descriptors: [] });
  }
  t.pass();
});
