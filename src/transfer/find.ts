/** Under which name a module that is loaded exports a function or class. */
import type { Referable, Reference } from './define.js';
import { commonJsAt, filePathOf, namespaceAt, namespaces, requireCache } from './modules.js';

const index = new WeakMap<Referable, Reference[]>();
/** Modules that are in the index; not those that are still being evaluated. */
const indexed = new WeakSet<object>();

/** All modules that export it themselves, and not inside of something. */
export function exportsOf(thing: Referable): Reference[] {
  const known = stillThere(thing);
  if (known.length > 0) return known;
  indexModules();
  return stillThere(thing);
}

/** CommonJS modules can change their exports. */
function stillThere(thing: Referable): Reference[] {
  return (index.get(thing) ?? []).filter(({ module, export: path }) => lookUp(module, path) === thing);
}

function indexModules(): void {
  for (const [path, module] of Object.entries(requireCache())) {
    if (!module || indexed.has(module)) continue;
    if (module.loaded) indexed.add(module);
    const url = process.getBuiltinModule('node:url').pathToFileURL(path).href;
    if (commonJsAt(url) !== module) continue;
    const { exports } = module as { exports: unknown };
    note(exports, url, 'default');
    for (const [name, { value }] of descriptors(exports)) note(value, url, nameInCommonJs(name));
  }
  for (const [url, namespace] of namespaces()) {
    if (indexed.has(namespace) || !isImportable(url) || commonJsAt(url)) continue;
    let complete = true;
    for (const name of namesOf(namespace)) {
      const value = readBinding(namespace, name);
      if (value === NOT_YET) complete = false;
      else note(value, url, name);
    }
    if (complete) indexed.add(namespace);
  }
}

/** Not of a program on the command line; what is built in has names of its own. */
function isImportable(url: string): boolean {
  return !url.startsWith('node:') && !/\/\[eval\d*\]$/.test(url);
}

function note(value: unknown, module: string, path: string): void {
  if (typeof value !== 'function') return;
  const known = index.get(value);
  if (!known) index.set(value, [{ module, export: path }]);
  else if (!known.some((other) => other.module === module && other.export === path)) {
    known.push({ module, export: path });
  }
}

const NOT_YET = Symbol('not initialized');

/** Names only: `Object.keys` of a namespace reads its bindings, and throws at one that is not initialized. */
function namesOf(namespace: object): string[] {
  return Reflect.ownKeys(namespace).filter((key) => typeof key === 'string');
}

function readBinding(namespace: Record<string, unknown>, name: string): unknown {
  try {
    return namespace[name];
  } catch {
    return NOT_YET;
  }
}

/** Whether the function was written in the file of this module, and not only passed on by it. */
export function isWrittenIn(url: string, fn: Referable): boolean {
  const path = filePathOf(url);
  if (path === '') return false;
  try {
    return process
      .getBuiltinModule('node:fs')
      .readFileSync(path, 'utf8')
      .includes(Function.prototype.toString.call(fn));
  } catch {
    return false;
  }
}

/** How much of what it exports a module has by now; infinite if there will be no more. */
export function progressOf(url: string | undefined): number {
  if (url === undefined) return Infinity;
  const commonJs = commonJsAt(url);
  if (commonJs) return commonJs.loaded ? Infinity : Object.keys((commonJs.exports ?? {}) as object).length;
  const namespace = namespaceAt(url);
  if (!namespace) return Infinity;
  const names = namesOf(namespace);
  const ready = names.filter((name) => readBinding(namespace, name) !== NOT_YET).length;
  return ready === names.length ? Infinity : ready;
}

/** How many objects deep an export may be: `api.users.create`. */
const DEPTH = 3;

/** The path of something that is a part of what the module at `url` exports. */
export function pathIn(url: string, thing: Referable): string | undefined {
  const commonJs = commonJsAt(url);
  if (commonJs) {
    const { exports } = commonJs as { exports: unknown };
    if (exports === thing) return 'default';
    // Bundlers and compilers export by accessors.
    for (const [name, { get }] of descriptors(exports)) {
      if (get && readAccessor(exports, name) === thing) return nameInCommonJs(name);
    }
    const path = descend(exports, thing, [], DEPTH);
    return path !== undefined && /^default(\.|$)/.test(path) ? `default.${path}` : path;
  }
  const namespace = isImportable(url) ? namespaceAt(url) : undefined;
  if (!namespace) return undefined;
  for (const name of namesOf(namespace)) {
    const value = readBinding(namespace, name);
    if (value === thing) return name;
    const path = descend(value, thing, [name], DEPTH);
    if (path !== undefined) return path;
  }
  return undefined;
}

function nameInCommonJs(name: string): string {
  return name === 'default' ? 'default.default' : name;
}

function readAccessor(of: unknown, name: string): unknown {
  try {
    return (of as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function descend(holder: unknown, thing: Referable, above: string[], depth: number): string | undefined {
  if (depth === 0) return undefined;
  const below = descriptors(holder).filter(([name]) => !name.includes('.') && name !== 'prototype');
  for (const [name, { value }] of below) if (value === thing) return [...above, name].join('.');
  for (const [name, { value }] of below) {
    const path = name === 'constructor' ? undefined : descend(value, thing, [...above, name], depth - 1);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** Own properties of plain objects, and of classes and functions. */
function descriptors(holder: unknown): [string, PropertyDescriptor][] {
  if (typeof holder !== 'function') {
    if (typeof holder !== 'object' || holder === null) return [];
    const prototype = Object.getPrototypeOf(holder) as unknown;
    if (prototype !== Object.prototype && prototype !== null) return [];
  }
  return Object.entries(Object.getOwnPropertyDescriptors(holder));
}

/** What a path leads to in a module that is loaded; undefined if it leads nowhere, or not yet. */
export function lookUp(url: string, path: string): unknown {
  const commonJs = commonJsAt(url);
  if (commonJs) return lookUpInCommonJs(commonJs.exports, path);
  const namespace = namespaceAt(url);
  return namespace && lookUpIn(namespace, path);
}

export function lookUpIn(namespace: Record<string, unknown>, path: string): unknown {
  try {
    if (Object.hasOwn(namespace, path)) return namespace[path];
    const [first = '', ...rest] = path.split('.');
    if (Object.hasOwn(namespace, first)) return follow(namespace[first], rest);
    // Of a CommonJS module that was imported: not all of its exports have names there.
    return lookUpInCommonJs(namespace['default'], path);
  } catch (error) {
    // Not initialized yet.
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function lookUpInCommonJs(exports: unknown, path: string): unknown {
  if (path === 'default') return exports;
  const names = path.split('.');
  if (names[0] === 'default') names.shift();
  return follow(exports, names);
}

function follow(from: unknown, names: string[]): unknown {
  let at = from;
  for (const name of names) {
    if (at === undefined || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
