/** Finds the addon, or says what to do. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZygoteError } from '../errors.js';
import { VERSION } from '../version.js';
import { nativeTarget } from './target.js';

const require = createRequire(import.meta.url);

let path = '';

/** Where the addon that is in use was found; empty if none was loaded. */
export function nativePath(): string {
  return path;
}

/** Loads the first addon that can be loaded. The caller says what type it has. */
export function loadNative(): unknown {
  const target = nativeTarget();
  const failures: { tried: string; reason: unknown }[] = [];
  for (const candidate of candidates(target)) {
    try {
      const addon = requireSameVersion(candidate);
      path = candidate;
      return addon;
    } catch (reason) {
      failures.push({ tried: candidate, reason });
    }
  }
  throw new ZygoteError('ERR_ZYGOTE_NATIVE_MISSING', explain(target, failures), {
    cause: new AggregateError(failures.map((failure) => failure.reason)),
  });
}

/** Where the addon may be. A path that the user gives is the only one: to fall back silently would hide a mistake. */
function candidates(target: string): string[] {
  const given = process.env['ZYGOTE_NATIVE_PATH'];
  if (given) return [resolve(given)];
  return [fileURLToPath(new URL(`../native/zygote.${target}.node`, import.meta.url)), `zygote-${target}`];
}

/** An addon of another version could crash the process instead of failing, so it is refused. */
function requireSameVersion(candidate: string): unknown {
  const addon = require(candidate) as { version?: () => string };
  const found = addon.version?.();
  if (found !== VERSION) throw new Error(`it is version ${found}, and this package is ${VERSION}`);
  return addon;
}

function explain(target: string, failures: { tried: string; reason: unknown }[]): string {
  return [
    `zygote has no native addon for ${target} that loads. Tried:`,
    ...failures.map(({ tried, reason }) => `  ${tried}: ${firstLine(reason)}`),
    'What to do: reinstall without --omit=optional / --no-optional',
    `  npm install zygote-${target}`,
    'or, in a clone of the repository and with cargo (https://rustup.rs), build it',
    '  npm run build:native',
  ].join('\n');
}

/** A failed require lists its whole require stack after the first line. */
function firstLine(reason: unknown): string {
  return String(reason instanceof Error ? reason.message : reason).split('\n', 1)[0] ?? '';
}
