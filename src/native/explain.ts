/** Why no addon could be loaded, and what to do. */
import { createRequire } from 'node:module';
import { VERSION } from '../version.js';
import { PREBUILT } from './target.js';

const require = createRequire(import.meta.url);

/** An addon that did not load. */
export interface Failure {
  /** A path or the name of a package. */
  tried: string;
  reason: unknown;
}

export function explain(target: string, failures: readonly Failure[]): string {
  return [
    `zygote has no native addon for ${target} that loads. Tried:`,
    ...failures.map(({ tried, reason }) => `  ${tried}: ${messageOf(reason)}`),
    ...advice(target, failures),
    'In a clone of the repository, with cargo (https://rustup.rs), build it:',
    '  npm run build:native',
  ].join('\n');
}

function advice(target: string, failures: readonly Failure[]): string[] {
  const reinstall = `  npm install zygote-${target}@${VERSION}`;
  const reasons = failures.map(({ reason }) => reason);
  if (process.env['ZYGOTE_NATIVE_PATH']) {
    return ['The environment variable ZYGOTE_NATIVE_PATH names it: correct or unset it.', 'Without it:', reinstall];
  }
  if (!PREBUILT.includes(target)) {
    return [`There is no prebuilt addon for ${target}. There is one for ${PREBUILT.join(', ')}.`];
  }
  if (reasons.some((reason) => codeOf(reason) === 'ERR_DLOPEN_DISABLED')) {
    return [
      'Node was started with --no-addons, or with a permission model that excludes them: allow addons (--allow-addons).',
    ];
  }
  if (reasons.some((reason) => codeOf(reason) === 'OTHER_VERSION')) {
    return ['What to do: install the version that belongs to this package', reinstall];
  }
  const loader = reasons.map(messageOf).find((message) => /GLIBC_[\d.]+' not found/.test(message));
  if (loader) {
    return [
      'It was built for a newer C library than this system has. The published one needs glibc 2.17 only:',
      reinstall,
    ];
  }
  const others = PREBUILT.filter((other) => other !== target && isInstalled(`zygote-${other}`));
  if (others.length > 0) {
    return [
      `Installed for another system: zygote-${others.join(', zygote-')}. Was node_modules copied, or made in an image with`,
      'another C library? Install it here, or for this system:',
      `  npm install ${flags(target)} zygote@${VERSION}`,
    ];
  }
  return [
    'What to do: install again without --omit=optional, --no-optional or `optional=false`; if a lockfile that was written on',
    'another system keeps it out, remove that lockfile and node_modules first. Or install the addon by its name:',
    reinstall,
  ];
}

/** How npm is told which system to install for. */
function flags(target: string): string {
  const [os, cpu, abi] = target.split('-');
  const libc = { gnu: ' --libc=glibc', musl: ' --libc=musl' }[abi ?? ''] ?? '';
  return `--os=${os} --cpu=${cpu}${libc}`;
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** A failed require lists its whole require stack after the first line. */
function messageOf(reason: unknown): string {
  return String(reason instanceof Error ? reason.message : reason).split('\n', 1)[0] ?? '';
}

function codeOf(reason: unknown): unknown {
  return reason instanceof Error && 'code' in reason ? reason.code : undefined;
}
