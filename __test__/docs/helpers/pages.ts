/** The pages of the documentation, and what is in them to be checked. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StartMethod } from 'zygote';

const root = new URL('../../../../', import.meta.url);
const examples = new URL('docs/examples/', root);

/** A fenced block. */
export interface Block {
  /** What stands behind the fence: the language, and for an excerpt its file. */
  info: string;
  text: string;
  /** Where it begins, from 1. */
  line: number;
}

/** What a page says that an example prints. */
export interface Printed {
  example: string;
  methods: StartMethod[];
  text: string;
}

/** By their paths in the project. */
export function pagePaths(): string[] {
  const below = readdirSync(new URL('docs/', root)).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CHANGELOG.md', ...below.map((name) => `docs/${name}`)];
}

export function urlOf(path: string): URL {
  return new URL(path, root);
}

export function textOf(path: string | URL): string {
  return readFileSync(new URL(path, root), 'utf8');
}

export function exampleNames(): string[] {
  return readdirSync(examples)
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => name.slice(0, -'.mjs'.length));
}

export function exampleOf(name: string): URL {
  return new URL(`${name}.mjs`, examples);
}

/** The source of an example or of one of its modules. */
export function sourceOf(file: string): string {
  return readFileSync(new URL(file, examples), 'utf8');
}

export function* filesBelow(path: string): Generator<string> {
  for (const entry of readdirSync(new URL(path, root), { withFileTypes: true })) {
    if (entry.isDirectory()) yield* filesBelow(`${path}${entry.name}/`);
    else yield `${path}${entry.name}`;
  }
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { block: Block; lines: string[] } | undefined;
  for (const [index, line] of page.split('\n').entries()) {
    if (!line.startsWith('```')) {
      open?.lines.push(line);
    } else if (open) {
      blocks.push({ ...open.block, text: open.lines.join('\n') });
      open = undefined;
    } else {
      open = { block: { info: line.slice(3), text: '', line: index + 1 }, lines: [] };
    }
  }
  return blocks;
}

/** Reads `$ node docs/examples/name.mjs fork   # and by spawn` and what is below. */
export function printedIn({ text, line }: Block): Printed {
  const [command = '', ...printed] = text.split('\n');
  const found = /^\$ node docs\/examples\/([\w/-]+)\.mjs (\w+)(?: +# and by (\w+)(?: and (\w+))?)?$/.exec(command);
  if (!found) throw new Error(`line ${line}: not a command that runs an example: ${command}`);
  const [, example = '', ...methods] = found;
  return {
    example,
    methods: methods.filter((method) => method !== undefined) as StartMethod[],
    text: printed.join('\n'),
  };
}

/** What a program has printed, as it would print it anywhere. */
export function withoutFolder(printed: string): string {
  const text = printed
    .replaceAll(root.href, 'file:///…/')
    .replaceAll(fileURLToPath(root), '…/')
    .replaceAll('\r\n', '\n');
  return process.platform === 'win32' ? text.replaceAll('\\', '/') : text;
}
