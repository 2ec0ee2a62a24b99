/** Names of functions and classes that every Node has: globals, and the exports of its own modules. */
import type { Referable, Reference } from './define.js';

/** What the module of a global is called in a reference. */
export const GLOBAL = 'global:';

const index = new Map<Referable, Reference>();
const indexed = new Set<string>();

/** The name of something that is built in, if it can be reached by one. */
export function builtinReference(thing: Referable): Reference | undefined {
  if (indexed.size === 0) {
    indexed.add(GLOBAL);
    add(GLOBAL, globalThis, true);
  }
  const found = index.get(thing);
  if (found) return found;
  // Only modules that are loaded: the thing is there already, and to load others could print warnings.
  for (const entry of (process as unknown as { moduleLoadList?: string[] }).moduleLoadList ?? []) {
    const [kind, name = ''] = entry.split('Module ');
    if (kind !== 'Native' || name.startsWith('internal/') || indexed.has(name)) continue;
    indexed.add(name);
    if (!process.getBuiltinModule('node:module').isBuiltin(`node:${name}`)) continue;
    add(`node:${name}`, process.getBuiltinModule(`node:${name}`), false);
  }
  return index.get(thing);
}

/** The thing with that name, in this process. */
export function builtinThing({ module, export: path }: Reference): unknown {
  let at: unknown = module === GLOBAL ? globalThis : process.getBuiltinModule(module);
  for (const name of path.split('.')) {
    if (path === 'default') break;
    if (at === undefined || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

export function isBuiltinModule(module: string): boolean {
  return module === GLOBAL || module.startsWith('node:');
}

/** Adds what is in a module or the global object, and one level below. */
function add(module: string, holder: unknown, isGlobal: boolean): void {
  if (typeof holder === 'function') addOne(module, 'default', holder);
  for (const [name, value] of members(holder, isGlobal)) {
    if (typeof value === 'function') addOne(module, name, value);
    if (isGlobal ? value === globalThis : !isPlain(value) && typeof value !== 'function') continue;
    for (const [inner, below] of members(value, false)) {
      if (typeof below === 'function' && inner !== 'constructor') addOne(module, `${name}.${inner}`, below);
    }
  }
}

function addOne(module: string, path: string, value: unknown): void {
  if (!index.has(value as Referable)) index.set(value as Referable, { module, export: path });
}

/** Accessors are left alone, except where the global object has one for a class that is loaded when it is used. */
function members(holder: unknown, isGlobal: boolean): [name: string, value: unknown][] {
  if ((typeof holder !== 'object' || holder === null) && typeof holder !== 'function') return [];
  const found: [string, unknown][] = [];
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (typeof value === 'function' || (typeof value === 'object' && value !== null)) found.push([name, value]);
  }
  // The shortest way to each: `parseFloat`, and not `Number.parseFloat`, whatever comes first.
  return isGlobal
    ? found.toSorted(([, a], [, b]) => Number(typeof b === 'function') - Number(typeof a === 'function'))
    : found;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
