/**
 * The modules that this process has loaded, as objects: those of CommonJS from `require.cache`, and the namespaces of ES
 * modules from Node's own loader. Nothing public gives the latter at once, and `import()` never settles for a module that
 * waits, at its top level, for what needs it.
 */
import { isMap, isModuleNamespaceObject } from 'node:util/types';
import { inspect } from './inspector.js';

/** A module namespace. To read a binding that is not initialized yet throws. */
export type Namespace = Record<string, unknown>;

const imported = new Map<string, Namespace>();
let cache: NodeJS.Dict<NodeJS.Module> | undefined;

/** Modules by their file names. */
export function requireCache(): NodeJS.Dict<NodeJS.Module> {
  cache ??= process.getBuiltinModule('node:module').createRequire(import.meta.url).cache;
  return cache;
}

/** The CommonJS module with this URL; an ES module that was loaded by `require` is none. */
export function commonJsAt(url: string): NodeJS.Module | undefined {
  const module = requireCache()[filePathOf(url)];
  return module && !isModuleNamespaceObject(module.exports) && !isReallyEsm(url, module) ? module : undefined;
}

/** What Node takes for CommonJS until it sees an `import` stays in the cache, with nothing in it. */
function isReallyEsm(url: string, { exports }: { exports: unknown }): boolean {
  if (typeof exports !== 'object' || exports === null || Object.keys(exports).length > 0) return false;
  const namespace = namespaceAt(url);
  // The namespace of a CommonJS module has its exports as the default.
  return namespace !== undefined && read(namespace, 'default') !== exports;
}

/** A binding of a module; undefined if it is not initialized yet. */
function read(namespace: Namespace, name: string): unknown {
  try {
    return namespace[name];
  } catch {
    return undefined;
  }
}

const paths = new Map<string, string>();

/** Empty for a URL that is of no file. */
export function filePathOf(url: string): string {
  let path = paths.get(url);
  if (path === undefined) paths.set(url, (path = parse(url)));
  return path;
}

function parse(url: string): string {
  try {
    return url.startsWith('file:') ? process.getBuiltinModule('node:url').fileURLToPath(url) : '';
  } catch {
    return '';
  }
}

/** Imports a module, and keeps its namespace. */
export async function importModule(url: string): Promise<Namespace> {
  const namespace = (await import(url)) as Namespace;
  imported.set(url, namespace);
  return namespace;
}

/** The namespace of a module that was imported here before. */
export function importedAt(url: string): Namespace | undefined {
  return imported.get(url);
}

/** What the loader keeps of a module. */
interface Job {
  module?: { getStatus(): number; getNamespace(): Namespace };
}

type LoadCache = Map<string, Job | Record<string, Job>>;

let loadCache: LoadCache | undefined | 'none';

/** Whether it is known where the loader keeps its modules: it takes some milliseconds to find out. */
export function isLoaderKnown(): boolean {
  return loadCache !== undefined;
}

/**
 * The namespace of an ES module that is loaded, also if it is being evaluated. Undefined if it is not loaded, and in a Node
 * that has no inspector.
 */
export function namespaceAt(url: string): Namespace | undefined {
  return imported.get(url) ?? namespaceOf(loaderCache()?.get(url));
}

/** All ES modules that are loaded, also those that are being evaluated. */
export function* namespaces(): Generator<[url: string, Namespace]> {
  for (const [url, entry] of loaderCache() ?? imported) {
    const namespace = isModuleNamespaceObject(entry) ? (entry as Namespace) : namespaceOf(entry);
    if (namespace) yield [url, namespace];
  }
}

/** States of a module, as V8 numbers them. */
const EVALUATING = 3;
const EVALUATED = 4;

function namespaceOf(entry: Job | Record<string, Job> | undefined): Namespace | undefined {
  if (!entry) return undefined;
  // By the import attribute `type`; a module is of one type.
  const jobs = 'module' in entry ? [entry as Job] : Object.values(entry as Record<string, Job>);
  for (const job of jobs) {
    try {
      const status = job.module?.getStatus();
      if (status === EVALUATING || status === EVALUATED) return job.module?.getNamespace();
    } catch {
      // It is not linked yet.
    }
  }
  return undefined;
}

function loaderCache(): LoadCache | undefined {
  loadCache ??= findLoaderCache() ?? 'none';
  return loadCache === 'none' ? undefined : loadCache;
}

/** It is in the scope of a public function that uses the loader. */
function findLoaderCache(): LoadCache | undefined {
  try {
    const { register } = process.getBuiltinModule('node:module');
    const loader = inspect((inspector) => inspector.variable(register, 'cascadedLoader'));
    const found = (loader as { loadCache?: unknown } | undefined)?.loadCache;
    // This module is loaded: a cache without it is something else.
    return isMap(found) && found.has(import.meta.url) ? (found as LoadCache) : undefined;
  } catch {
    return undefined;
  }
}
