import { createRequire } from 'node:module';
import test from 'ava';
import * as zygote from 'zygote';
import * as measure from 'zygote/measure';
import * as posix from 'zygote/posix';
import * as errors from '#dist/errors';
import { VERSION } from '#dist/version';

test('functions and classes are called what they are exported as', (t) => {
  for (const exported of [zygote, measure, posix]) {
    for (const [name, value] of Object.entries(exported)) if (typeof value === 'function') t.is(value.name, name);
  }
});

test('a module is there once, whatever it is imported by', (t) => {
  t.is(posix.registerAtFork, zygote.registerAtFork);
  t.is(errors.ZygoteError, zygote.ZygoteError);
});

test('the version is the one of package.json', (t) => {
  t.is(VERSION, (createRequire(import.meta.url)('zygote/package.json') as { version: string }).version);
});
