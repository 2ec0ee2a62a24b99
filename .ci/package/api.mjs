// Writes the API reference, from the declarations that tsc has made of src/: what each entry point exports, with its
// documentation. It is written when the package is packed, so that it is always that of its code.
//
//   npm run docs:api -- [FILE]        # docs/api.md if none is given
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './targets.mjs';

const ENTRIES = { zygote: 'index', 'zygote/posix': 'posix/index', 'zygote/measure': 'measure/index' };

const dist = join(root, 'dist');

/** The page. */
export function apiReference() {
  const sections = Object.entries(ENTRIES).map(([name, entry]) => ({
    name,
    items: itemsOf(join(dist, `${entry}.d.ts`)),
  }));
  const lines = [
    '# API reference',
    '',
    'Written from the types by `npm run docs:api`. Times are in milliseconds, sizes in bytes, if nothing else is said.',
  ];
  for (const { name, items } of sections) {
    lines.push('', `- \`${name}\`: ${items.map((item) => `[${item.name}](#${anchor(name, item)})`).join(', ')}`);
  }
  for (const { name, items } of sections) {
    lines.push('', `## ${name}`);
    for (const item of items)
      lines.push(
        '',
        `### ${heading(name, item)}`,
        '',
        ...(item.comment ? [item.comment, ''] : []),
        '```ts',
        item.code,
        '```',
      );
  }
  return `${lines.join('\n')}\n`;
}

function heading(entry, { name }) {
  return entry === 'zygote' ? name : `${name} (${entry})`;
}

/** As GitHub makes them. */
function anchor(entry, item) {
  return heading(entry, item)
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}

/** What a module exports, in alphabetical order. */
function itemsOf(path) {
  const text = readFileSync(path, 'utf8');
  const own = declarationsIn(text);
  const found = own.filter(({ exported }) => exported);
  const imported = new Map(
    [...text.matchAll(/^import (?:type )?\{([^}]*)\} from '(\..+?)';$/gm)].flatMap(([, names, from]) =>
      namesIn(names).map(({ original, name }) => [name, { original, from }]),
    ),
  );
  for (const [, names, from] of text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '(.+?)')?;$/gm)) {
    for (const { original, name } of namesIn(names)) {
      const source = from ? { original, from } : imported.get(original);
      const items = source ? itemsOf(resolve(dirname(path), source.from.replace(/\.js$/, '.d.ts'))) : own;
      const item = items.find((each) => each.name === (source?.original ?? original));
      // Where tsc prints it in a form that is not known here: the name at least.
      found.push({ code: `export { ${original} }`, comment: '', ...item, name });
    }
  }
  return found.toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
}

/** Of a list such as `a, type B as C`. */
function namesIn(list) {
  return list
    .split(',')
    .map((each) => each.trim().replace(/^type /, ''))
    .filter(Boolean)
    .map((each) => {
      const [original, name = original] = each.split(' as ');
      return { original, name };
    });
}

/** Top-level declarations of a file as tsc prints it: each begins in the first column, and a body ends there too. */
function declarationsIn(text) {
  const lines = text.split('\n');
  const found = [];
  for (let at = 0; at < lines.length; at++) {
    const [, exported, name] =
      /^(export )?(?:declare )?(?:abstract )?(?:class|function|const|let|interface|type|enum) (\w+)/.exec(lines[at]) ??
      [];
    if (!name) continue;
    const end = endOf(lines, at);
    const code = lines
      .slice(at, end + 1)
      .join('\n')
      .replace(/^export (declare )?/, '')
      .replaceAll(/^ {4}(?:readonly )?#private;\n/gm, '');
    const before = found.find((item) => item.name === name);
    // An overload; or a function and its type.
    if (before) before.code += `\n${code}`;
    else found.push({ name, exported: Boolean(exported), code, comment: commentBefore(lines, at) });
    at = end;
  }
  return found;
}

function endOf(lines, start) {
  let depth = 0;
  for (let at = start; at < lines.length; at++) {
    if (!/^\s*(\*|\/\*|\/\/)/.test(lines[at])) {
      const line = lines[at].replaceAll(/'[^']*'|"[^"]*"|`[^`]*`|=>/g, '');
      depth += (line.match(/[{([<]/g) ?? []).length - (line.match(/[})\]>]/g) ?? []).length;
    }
    if (depth <= 0 && /[;}]\s*$/.test(lines[at])) return at;
  }
  return lines.length - 1;
}

/** The text of the documentation comment that ends on the line before, as Markdown. */
function commentBefore(lines, at) {
  if (!lines[at - 1]?.endsWith('*/')) return '';
  let start = at - 1;
  while (!lines[start].startsWith('/**')) start--;
  return lines
    .slice(start, at)
    .join('\n')
    .replaceAll(/^\/\*\*\s?|\s*\*\/$/g, '')
    .replaceAll(/^ \* ?/gm, '')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/^@throws /gm, '**Throws** ')
    .replaceAll(/^@param (\w+) /gm, '- `$1`: ')
    .replaceAll(/^@returns? /gm, '**Gives** ')
    .replace(/^@example\n([\s\S]*)$/m, '```js\n$1\n```')
    .trim();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(process.argv[2] ?? join(root, 'docs', 'api.md'), apiReference());
}
