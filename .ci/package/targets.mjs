// The systems that there is a package for, as npm/ lists them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What Rust calls them. */
const TRIPLES = {
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64-msvc': 'x86_64-pc-windows-msvc',
  'win32-arm64-msvc': 'aarch64-pc-windows-msvc',
};

/** `{ target, triple, folder, file, manifest }` of each. */
export const targets = readdirSync(join(root, 'npm'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name: target }) => {
    const folder = join(root, 'npm', target);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { target, triple: TRIPLES[target], folder, file: `zygote.${target}.node`, manifest };
  });
