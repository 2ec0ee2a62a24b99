/**
 * The bundle for offline installs: `prebuilds/<platform>-<architecture>/<name>.<tags>.node`, found by the rules of
 * node-gyp-build 4, so that tools which know that layout know this package.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What a build has to fit. */
export interface Host {
  platform: string;
  arch: string;
  /** `glibc` or `musl`; empty where there is no choice. */
  libc: string;
  /** `process.versions.modules`. */
  abi: string;
  /** Major version of libuv. */
  uv: string;
}

interface Folder {
  name: string;
  platform: string;
  architectures: string[];
}

interface Build {
  file: string;
  tags: ReadonlyMap<string, string>;
}

/** The build that fits best in a folder `prebuilds`, if one does. */
export function findPrebuild(prebuilds: string, host: Host): string | undefined {
  const [folder] = list(prebuilds)
    .flatMap(parseFolder)
    .filter(({ platform, architectures }) => platform === host.platform && architectures.includes(host.arch))
    // One that is for fewer architectures is the more exact one.
    .toSorted((a, b) => a.architectures.length - b.architectures.length);
  if (!folder) return undefined;
  const [build] = list(join(prebuilds, folder.name))
    .flatMap(parseBuild)
    .filter(({ tags }) => fits(tags, host))
    .toSorted((a, b) => rank(b.tags) - rank(a.tags));
  return build && join(prebuilds, folder.name, build.file);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** For example `linux-x64`, or `darwin-x64+arm64`. */
function parseFolder(name: string): Folder[] {
  const [platform, architectures, ...rest] = name.split('-');
  const all = architectures?.split('+') ?? [''];
  return platform && all.every(Boolean) && rest.length === 0 ? [{ name, platform, architectures: all }] : [];
}

const TAGS: [RegExp, string][] = [
  [/^(node|electron|node-webkit)$/, 'runtime'],
  [/^(napi)$/, 'napi'],
  [/^abi(.*)$/, 'abi'],
  [/^uv(.*)$/, 'uv'],
  [/^armv(.*)$/, 'armv'],
  [/^(glibc|musl)$/, 'libc'],
];

/** For example `zygote.glibc.node`: what is no tag says nothing. */
function parseBuild(file: string): Build[] {
  const parts = file.split('.');
  if (parts.pop() !== 'node') return [];
  const tags = parts.flatMap((part) =>
    TAGS.flatMap(([pattern, tag]): [string, string][] => {
      const value = pattern.exec(part)?.[1];
      return value === undefined ? [] : [[tag, value]];
    }),
  );
  return [{ file, tags: new Map(tags) }];
}

function fits(tags: ReadonlyMap<string, string>, { arch, libc, abi, uv }: Host): boolean {
  const armv = arch === 'arm64' ? '8' : '';
  const isOr = (tag: string, value: string) => !tags.get(tag) || tags.get(tag) === value;
  return (
    isOr('runtime', 'node') &&
    (isOr('abi', abi) || tags.has('napi')) &&
    isOr('uv', uv) &&
    isOr('armv', armv) &&
    isOr('libc', libc || 'glibc')
  );
}

/** One for this runtime, then one for this ABI, then the one that says most. */
function rank(tags: ReadonlyMap<string, string>): number {
  return Number(tags.has('runtime')) * 100 + Number(tags.has('abi')) * 10 + tags.size;
}
