// Parallel work over one parsed program. The syntax tree of a large TypeScript file is parsed once and held by this process, with
// links to parents, scopes and Maps, as tools have it. Forked workers analyse it: the tree is never serialized.
//
//   npm run example:ast                       lib.dom.d.ts, 45,000 lines
//   npm run example:ast -- your.d.ts          or a declaration file of yours
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import { parse } from '@babel/parser';
import { cpuCount, forkMap } from 'zygote';

const file = process.argv[2] ?? declarationsOfTheDom();
const source = readFileSync(file, 'utf8');
let since = performance.now();
const { program } = parse(source, { sourceType: 'module', plugins: [['typescript', { dts: true }]] });
const { interfaces, nodes } = link(program);
const parsed = performance.now() - since;
const names = [...interfaces.keys()];
console.log(`${file}: ${source.split('\n').length} lines, ${nodes} nodes, ${names.length} interfaces`);
console.log(`parsed and linked in ${ms(parsed)}`);

since = performance.now();
const size = serialize(program).length;
console.log(
  `to send the tree to a worker, ${(size / 1e6).toFixed(0)} MB had to be written in ${ms(performance.now() - since)}, and read there`,
);

since = performance.now();
const alone = names.map(analyse);
const took = performance.now() - since;
console.log(`\nanalysed by this process in ${ms(took)}`);

since = performance.now();
const shared = await forkMap(names, analyse, { prepareHeap: true });
const forked = performance.now() - since;
console.log(`by ${cpuCount()} forked workers in ${ms(forked)}, ${(took / forked).toFixed(2)} times as fast`);
if (JSON.stringify(shared) !== JSON.stringify(alone)) throw new Error('the workers have found something else');
console.log('the same was found\n');

const widest = shared.toSorted((a, b) => b.reaches - a.reaches).slice(0, 5);
for (const { name, members, reaches, depth } of widest) {
  console.log(
    `${name}: ${members} members of its own, ${depth} levels of inheritance, reaches ${reaches} other interfaces`,
  );
}

/** What one interface drags along: others that its members mention, and those that these mention, found by walking the tree. */
function analyse(name) {
  const direct = mentionedBy(name);
  const reached = new Set([name, ...direct]);
  for (const other of direct) for (const further of mentionedBy(other)) reached.add(further);
  const members = interfaces.get(name).reduce((sum, { body }) => sum + body.body.length, 0);
  return { name, members, reaches: reached.size - 1, depth: depthOf(name, new Set()) };
}

function mentionedBy(name) {
  const mentioned = new Set();
  for (const declaration of interfaces.get(name)) {
    walk(declaration, (node) => {
      if (node.type === 'Identifier' && interfaces.has(node.name)) mentioned.add(node.name);
    });
  }
  return mentioned;
}

function depthOf(name, seen) {
  if (seen.has(name)) return 0;
  seen.add(name);
  const parents = interfaces.get(name).flatMap((declaration) => declaration.extends ?? []);
  const depths = parents.map(({ expression }) =>
    interfaces.has(expression.name) ? depthOf(expression.name, seen) : 0,
  );
  return 1 + Math.max(0, ...depths);
}

/** Gives each node its parent, which makes a cyclic graph of the tree, and collects the interfaces. */
function link(root) {
  const interfaces = new Map();
  let nodes = 0;
  walk(root, (node, parent) => {
    nodes++;
    Object.defineProperty(node, 'parent', { value: parent, writable: true });
    if (node.type !== 'TSInterfaceDeclaration') return;
    interfaces.set(node.id.name, [...(interfaces.get(node.id.name) ?? []), node]);
  });
  return { interfaces, nodes };
}

function walk(node, visit, parent = null) {
  visit(node, parent);
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const child of value) if (child && typeof child.type === 'string') walk(child, visit, node);
    } else if (value && typeof value.type === 'string') {
      walk(value, visit, node);
    }
  }
}

/** TypeScript has it in a package for each system. */
function declarationsOfTheDom() {
  const packages = new URL('../node_modules/@typescript/', import.meta.url);
  const files = readdirSync(packages).map((name) => new URL(`${name}/lib/lib.dom.d.ts`, packages));
  return fileURLToPath(files.find((url) => existsSync(url)));
}

function ms(value) {
  return `${value.toFixed(0)} ms`;
}
