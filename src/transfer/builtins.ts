/** Names of functions and classes that every Node has: globals, and the exports of its own modules. */
import type { Referable, Reference } from './define.js';

/** What the module of a global is called in a reference. */
export const GLOBAL = 'global:';

const index = new Map<Referable, Reference>();
const indexed = new Set<string>();

/**
 * The name of something that is built in, if it can be reached by one. To look through all modules takes some 30 ms, once;
 * `module` is where it probably is.
 */
export function builtinReference(thing: Referable, module?: string): Reference | undefined {
  addOnce(GLOBAL, () => globalThis);
  // What is public is often written in an internal module of the same name.
  if (module !== undefined) addModule(module.replace(':internal/', ':'));
  if (index.has(thing)) return index.get(thing);
  // Only modules that are loaded: the thing is there already, and to load others could print warnings.
  for (const entry of (process as unknown as { moduleLoadList?: string[] }).moduleLoadList ?? []) {
    const [, name = 'internal/'] = entry.split('NativeModule ');
    if (!name.startsWith('internal/')) addModule(`node:${name}`);
  }
  return index.get(thing);
}

function addModule(name: string): void {
  if (process.getBuiltinModule('node:module').isBuiltin(name)) addOnce(name, () => process.getBuiltinModule(name));
}

function addOnce(module: string, get: () => unknown): void {
  if (indexed.has(module)) return;
  indexed.add(module);
  add(module, get(), module === GLOBAL);
}

/** The thing with that name, in this process. */
export function builtinThing({ module, export: path }: Reference): unknown {
  let at: unknown = module === GLOBAL ? globalThis : process.getBuiltinModule(module);
  if (path === 'default') return at;
  for (const name of path.split('.')) at = (at as Record<string, unknown> | undefined | null)?.[name];
  return at;
}

export function isBuiltinModule(module: string): boolean {
  return module === GLOBAL || module.startsWith('node:');
}

/** Adds what is in a module or the global object, and one level below. */
function add(module: string, holder: unknown, isGlobal: boolean): void {
  note(module, 'default', holder);
  const all = members(holder);
  // First what is reached directly: `parseFloat`, and not `Number.parseFloat`.
  for (const [name, value] of all) note(module, name, value);
  for (const [name, value] of all) {
    if (isGlobal && value === globalThis) continue;
    for (const [inner, below] of members(value)) note(module, `${name}.${inner}`, below);
  }
}

function note(module: string, path: string, value: unknown): void {
  if (typeof value === 'function' && !index.has(value)) index.set(value, { module, export: path });
}

/** Accessors are left alone: some load what they give. */
function members(holder: unknown): [name: string, value: unknown][] {
  if ((typeof holder !== 'object' || holder === null) && typeof holder !== 'function') return [];
  return Object.entries(Object.getOwnPropertyDescriptors(holder))
    .filter(([name]) => name !== 'prototype' && name !== 'constructor')
    .map(([name, { value }]) => [name, value as unknown]);
}
