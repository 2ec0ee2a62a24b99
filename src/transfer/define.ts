/** Functions and classes that were given a name by hand, because their module does not export them. */
import { TransferError } from '../errors.js';

export interface Reference {
  /** URL of the module; `node:…` for Node's own, `global:` for what every process has. */
  module: string;
  /** Path of the export in it: `f`, `default`, `api.run`, `Class.method`. */
  export: string;
}

// oxlint-disable-next-line typescript/no-unsafe-function-type -- any function, whatever it takes.
export type Referable = Function;

/** What the names of defined things begin with in a reference. */
const DEFINED = 'define:';

const byModule = new Map<string, Map<string, Referable>>();
const references = new WeakMap<Referable, Reference>();
let changes = 0;

/**
 * Gives functions and classes names under which other processes find them, though they are not exported. They find them by
 * importing the module: call it at the module's top level.
 *
 * @param meta The module: `import.meta`, in a CommonJS module `module`, or its URL or absolute path.
 * @throws TypeError if one of the things is no function.
 */
export function define(meta: ImportMeta | NodeJS.Module | string, things: Record<string, Referable>): void {
  const url = urlOf(meta);
  const names = byModule.get(url) ?? new Map<string, Referable>();
  for (const [name, thing] of Object.entries(things)) {
    if (typeof thing !== 'function') throw new TypeError(`define: ${name} is no function and no class`);
  }
  byModule.set(url, names);
  for (const [name, thing] of Object.entries(things)) {
    names.set(name, thing);
    references.set(thing, { module: url, export: DEFINED + name });
  }
  changes++;
}

function urlOf(meta: ImportMeta | NodeJS.Module | string): string {
  const where =
    typeof meta === 'string' ? meta : ((meta as ImportMeta)?.url ?? (meta as NodeJS.Module | undefined)?.filename);
  if (typeof where !== 'string') {
    throw new TypeError('define: the first argument must be import.meta, module, or the URL or path of a module');
  }
  return /^[a-z][a-z+.-]+:/i.test(where) ? where : process.getBuiltinModule('node:url').pathToFileURL(where).href;
}

/** The name that was given by hand. */
export function definedReference(thing: Referable): Reference | undefined {
  return references.get(thing);
}

/** Whether the reference is to something that was defined, and not exported. */
export function isDefined(reference: Reference): boolean {
  return reference.export.startsWith(DEFINED);
}

/** The thing with that name, if its module has defined it already. */
export function definedThing({ module, export: name }: Reference): Referable | undefined {
  return byModule.get(module)?.get(name.slice(DEFINED.length));
}

/** For a reference whose module was imported, and has not defined it. */
export function notDefined({ module, export: name }: Reference): TransferError {
  const short = name.slice(DEFINED.length);
  return new TransferError(
    '$',
    `${module} does not define ${short} here: it must call define() whenever it is imported`,
  );
}

/** Grows with every call of `define`. */
export function defineChanges(): number {
  return changes;
}
