import { existsSync } from 'node:fs';
import test from 'ava';
import { blocksOf, filesBelow, pagePaths, sourceOf, textOf, urlOf } from './helpers/pages.js';

const EXCERPT = /^js (\S+\.mjs)$/;

for (const path of pagePaths()) {
  test(`${path}: code that is quoted from an example is in it`, (t) => {
    for (const { info, text, line } of blocksOf(textOf(path))) {
      const file = EXCERPT.exec(info)?.[1];
      if (file) t.true(`\n${sourceOf(file)}`.includes(`\n${text}\n`), `line ${line}: not in ${file}`);
    }
    t.pass();
  });

  test(`${path}: links lead somewhere`, (t) => {
    t.deepEqual(brokenLinks(path), []);
  });
}

test('error codes in the pages exist', (t) => {
  const sources = [...filesBelow('src/'), ...filesBelow('crates/')];
  const known = new Set(sources.flatMap((path) => codesIn(textOf(path))));
  const unknown = pagePaths().flatMap((path) => codesIn(textOf(path)).filter((code) => !known.has(code)));
  t.deepEqual(unknown, []);
});

function codesIn(text: string): string[] {
  return text.match(/ERR_ZYGOTE_[A-Z_]+[A-Z]/g) ?? [];
}

function brokenLinks(path: string): string[] {
  const links = [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const to = new URL(link, urlOf(path));
    const anchor = to.hash.slice(1);
    to.hash = '';
    return !existsSync(to) || (anchor !== '' && !anchorsIn(textOf(to)).has(anchor));
  });
}

/** As GitHub makes them of headings. */
function anchorsIn(page: string): Set<string> {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text.toLowerCase());
  return new Set(headings.map((text) => text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')));
}
