/** A child's own process id and random numbers, in place of the ones it inherited. */
import v8 from 'node:v8';
import { native } from '../native/binding.js';
import { syncBuiltins } from './builtins.js';
import { builtinMathRandom, internals } from './internals.js';

/**
 * Makes a fresh clone differ from its parent and siblings where it must. Call it first thing in a child, and
 * `syncBuiltins` after all such changes.
 */
export function adoptIdentity(): void {
  // Node stores the id once, at its start.
  Object.defineProperty(process, 'pid', { value: native().processId(), enumerable: true, configurable: true });
  renewRandom();
}

let rehearsed = false;

/**
 * Goes through it once in the parent, where it changes nothing that anybody could tell: a child then finds the code
 * compiled, and is ready a millisecond sooner.
 */
export function rehearseIdentity(): void {
  if (rehearsed) return;
  rehearsed = true;
  internals();
  const isSeeded = process.execArgv.some((argument) => argument.replaceAll('_', '-').startsWith('--random-seed'));
  if (!isSeeded) adoptIdentity();
  syncBuiltins('process');
}

function renewRandom(): void {
  // OpenSSL notices the new process id by itself, and seeds itself anew at its next use.
  const seed = Buffer.allocUnsafe(16);
  native().fillRandom(seed);
  if (!native().reseedMathRandom(builtinMathRandom, seed)) replaceMathRandom();
  // For contexts that are made from now on (`vm.createContext`). The flag makes them all alike: better than like those of
  // the siblings.
  const another = Buffer.allocUnsafe(16);
  native().fillRandom(another);
  if (!native().reseedIsolateRandom(another)) {
    v8.setFlagsFromString(`--random-seed=${1 + (seed.readUInt32LE(0) & 0x3fffffff)}`);
  }
  const { randomBytes } = internals();
  if (randomBytes.length >= 2) {
    for (const bytes of randomBytes) native().fillRandom(bytes);
  } else {
    drawAllInAdvance();
  }
}

/** Where V8 keeps its generator in an unknown way: the one of a new context, whose seed is this child's. */
function replaceMathRandom(): void {
  const vm = process.getBuiltinModule('node:vm');
  const crypto = process.getBuiltinModule('node:crypto');
  v8.setFlagsFromString(`--random-seed=${1 + crypto.randomInt(0x3fffffff)}`);
  Math.random = vm.runInNewContext('Math.random') as () => number;
}

/** Uses up what `crypto` has in stock (128 UUIDs, 1,024 integers), so that it draws anew in this process. */
function drawAllInAdvance(): void {
  const crypto = process.getBuiltinModule('node:crypto');
  for (let count = 0; count < 128; count++) crypto.randomUUID();
  for (let count = 0; count < 1024; count++) crypto.randomInt(2);
  const { randomUUIDv7 } = crypto as { randomUUIDv7?: () => string };
  for (let count = 0; randomUUIDv7 && count < 128; count++) randomUUIDv7();
}
