/** Finds the addon, or says what to do. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZygoteError } from '../errors.js';
import { VERSION } from '../version.js';
import { explain, type Failure } from './explain.js';
import { findPrebuild } from './prebuilds.js';
import { libc, nativeTarget } from './target.js';

const require = createRequire(import.meta.url);

let path = '';

/** Where the addon that is in use was found; empty if none was loaded. */
export function nativePath(): string {
  return path;
}

/** Loads the first addon that can be loaded. The caller says what type it has. */
export function loadNative(): unknown {
  const target = nativeTarget();
  const failures: Failure[] = [];
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
function* candidates(target: string): Generator<string> {
  const given = process.env['ZYGOTE_NATIVE_PATH'];
  if (given) {
    yield resolve(given);
    return;
  }
  // In a clone of the repository.
  yield fileURLToPath(new URL(`../native/zygote.${target}.node`, import.meta.url));
  yield `zygote-${target}`;
  const prebuild = findPrebuild(fileURLToPath(new URL('../../prebuilds', import.meta.url)), {
    platform: process.platform,
    arch: process.arch,
    libc: libc(),
    abi: process.versions.modules,
    uv: process.versions.uv.split('.', 1)[0] ?? '',
  });
  if (prebuild) yield prebuild;
}

/** An addon of another version could crash the process instead of failing, so it is refused. */
function requireSameVersion(candidate: string): unknown {
  const addon = require(candidate) as { version?: () => string };
  const found = addon.version?.();
  if (found !== VERSION) throw new OtherVersion(`it is version ${found}, and this package is ${VERSION}`);
  return addon;
}

class OtherVersion extends Error {
  readonly code = 'OTHER_VERSION';
}
