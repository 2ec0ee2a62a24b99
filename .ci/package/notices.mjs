// Writes npm/THIRD-PARTY.md: which Rust crates are in the addon, and their licences, whose texts have to go with it.
//
//   npm run notices              writes it
//   npm run notices -- --check   says whether it is that of Cargo.lock
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './targets.mjs';

const PATH = join(root, 'npm', 'THIRD-PARTY.md');

/** Of several that a crate offers, the first of these is taken. */
const LICENCES = ['MIT', 'ISC', 'BSD-3-Clause', 'Apache-2.0', 'Unicode-3.0', 'Zlib'];

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const written = notices(linked(metadata()));
if (!process.argv.includes('--check')) {
  writeFileSync(PATH, written);
} else if (read(PATH) !== written) {
  console.error(`${relative(root, PATH)} is not that of Cargo.lock: npm run notices`);
  process.exit(1);
}

function metadata() {
  const args = ['metadata', '--format-version=1', '--locked'];
  const { status, stdout, stderr, error } = spawnSync('cargo', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(error?.message ?? stderr);
  return JSON.parse(stdout);
}

/** What is linked into the addon on any system: not what only builds it, and not macros, which run in the compiler. */
function linked({ packages, resolve }) {
  const found = new Set();
  const visit = (id) => {
    const crate = packages.find((each) => each.id === id);
    if (found.has(crate) || crate.targets.some(({ kind }) => kind.includes('proc-macro'))) return;
    found.add(crate);
    for (const { pkg, dep_kinds: kinds } of resolve.nodes.find((each) => each.id === id).deps) {
      if (kinds.some(({ kind }) => kind === null)) visit(pkg);
    }
  };
  visit(packages.find(({ name }) => name === 'zygote-addon').id);
  return [...found].filter(({ source }) => source !== null).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function notices(crates) {
  const texts = new Map();
  for (const crate of crates) {
    const text = textOf(crate);
    texts.set(text, [...(texts.get(text) ?? []), crate]);
  }
  return [
    '# Third-party notices',
    '',
    'The native addon of zygote has these Rust crates in it, each under the licence that is named, of those that it offers. The',
    'standard library of Rust is in it too (MIT or Apache-2.0, copyright of the Rust Project contributors), and in builds for Linux',
    "LLVM's libunwind (Apache-2.0 with LLVM exception). Written by `npm run notices`.",
    '',
    '| crate | version | licence | source |',
    '| --- | --- | --- | --- |',
    ...crates.map((crate) => `| ${crate.name} | ${crate.version} | ${licenceOf(crate)} | ${crate.repository ?? ''} |`),
    ...[...texts].flatMap(([text, owners]) => [
      '',
      `## ${owners.map(({ name }) => name).join(', ')}`,
      '',
      '```text',
      text,
      '```',
    ]),
    '',
  ].join('\n');
}

/** One that all of the alternatives of an expression such as `MIT OR (Apache-2.0 AND ISC)` allow; see https://spdx.org. */
function licenceOf({ name, license }) {
  const offered = new Set(license.split(/ OR |\//).map((each) => each.replaceAll(/[()]/g, '')));
  const taken = LICENCES.find((each) => offered.has(each));
  if (!taken || (license.includes('(') && license.includes(' AND '))) {
    throw new Error(`${name} is under ${license}: is that compatible? See LICENCES in .ci/package/notices.mjs`);
  }
  return taken;
}

function textOf(crate) {
  const licence = licenceOf(crate);
  const folder = dirname(crate.manifest_path);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying)/i.test(file));
  const file =
    files.find((each) => each.toUpperCase().includes(licence.toUpperCase())) ??
    (files.length === 1 ? files[0] : undefined);
  if (file) return readFileSync(join(folder, file), 'utf8').replaceAll('\r', '').trim();
  if (licence !== 'MIT') throw new Error(`${crate.name} has no text of its licence ${licence}`);
  const owners =
    crate.authors.map((author) => author.replace(/ <.*>/, '')).join(', ') || `the authors of ${crate.name}`;
  return `MIT License\n\nCopyright (c) ${owners}\n\n${MIT}`;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
