/**
 * Functions and classes by reference: they travel as the URL of their module and the name under which it exports them,
 * and are imported at the other side.
 */
import { TransferError } from '../errors.js';
import { builtinReference, builtinThing, isBuiltinModule } from './builtins.js';
import { definedReference, definedThing, isDefined, notDefined, type Referable, type Reference } from './define.js';
import { exportsOf, isWrittenIn, lookUp, lookUpIn, pathIn } from './find.js';
import { locationOf } from './location.js';
import { commonJsAt, importedAt, importModule, isLoaderKnown, type Namespace } from './modules.js';
import { whyNoReference } from './no-reference.js';
import { printError } from './problem.js';

export { define, type Referable, type Reference } from './define.js';

const known = new WeakMap<Referable, Reference>();

/**
 * Finds out by which module, and under which name, other processes can import a function or class. Works also while the
 * module is still being evaluated.
 *
 * @throws TransferError if no module exports it; says where it was written and what to do.
 */
export function reference(fn: Referable): Reference {
  if (typeof fn !== 'function')
    throw new TransferError('$', `its type is ${typeof fn}: only functions have references`);
  const found = findReference(fn);
  if (!found) throw new TransferError('$', whyNoReference(fn));
  return found;
}

/** As {@link reference}; undefined if there is none. */
export function findReference(fn: Referable): Reference | undefined {
  const defined = definedReference(fn);
  if (defined) return { ...defined };
  const before = known.get(fn);
  if (before && (isBuiltinModule(before.module) || lookUp(before.module, before.export) === fn)) return { ...before };
  const found = search(fn);
  if (found) known.set(fn, found);
  return found && { ...found };
}

/** For a function of this package, so that it need not be searched. */
export function noteReference(fn: Referable, ref: Reference): void {
  known.set(fn, ref);
}

/** As {@link findReference}, but only for what a module exports itself: takes no debugger, and is quick. */
export function findExport(fn: Referable): Reference | undefined {
  const quick = definedReference(fn) ?? known.get(fn);
  if (quick) return quick;
  const exported = exportsOf(fn);
  return exported.find(({ module }) => isWrittenIn(module, fn)) ?? exported.at(-1);
}

function search(fn: Referable): Reference | undefined {
  const exported = exportsOf(fn);
  if (isNative(fn)) return builtinReference(fn) ?? exported.at(-1);
  // Others may pass it on, and a function of Node's as well.
  const own = exported.find(({ module }) => isWrittenIn(module, fn));
  if (own) return own;
  const location = locationOf(fn);
  if (!location) return exported.at(-1) ?? builtinReference(fn);
  if (isBuiltinModule(location.url)) return builtinReference(fn, location.url);
  const path = pathIn(location.url, fn);
  // What was written elsewhere is found where it is exported, if it was not made by a module that exports it itself.
  return path === undefined ? exported.at(-1) : { module: location.url, export: path };
}

/** Whether it is written in another language than JavaScript, or bound. */
export function isNative(fn: Referable): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(fn));
}

/** How long an import may take before it is suspected to wait, at its top level, for what it is imported for. */
const SUSPICIOUS = 20; // ms

/**
 * Gives what a reference leads to. At once if its module is loaded and that is known; else it is imported.
 *
 * @throws TransferError (or rejects with it) if the module does not export it, or not a function; what the module throws
 * when it is imported.
 */
export function resolveReference(ref: Reference): unknown {
  const { module, export: path } = ref;
  if (typeof module !== 'string' || typeof path !== 'string') {
    throw new TransferError('$', 'it is no reference: it has no module and export');
  }
  if (isDefined(ref)) {
    return definedThing(ref) ?? importFor(ref).then(() => check(ref, definedThing(ref)));
  }
  if (isBuiltinModule(module)) return check(ref, builtinThing(ref));
  return loaded(ref, isLoaderKnown()) ?? importThing(ref);
}

/** From a module that was evaluated, or that is being evaluated and has got that far. */
function loaded({ module, export: path }: Reference, askLoader: boolean): unknown {
  const before = importedAt(module);
  if (!before && !askLoader && !commonJsAt(module)) return undefined;
  const value = before ? lookUpIn(before, path) : lookUp(module, path);
  return typeof value === 'function' ? value : undefined;
}

function importThing(ref: Reference): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        const value = loaded(ref, true);
        if (value !== undefined) resolve(value);
      } catch {
        // What an accessor throws is for the import to find out.
      }
    }, SUSPICIOUS);
    importFor(ref)
      .then((namespace) => check(ref, lookUpIn(namespace, ref.export)))
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

async function importFor({ module, export: path }: Reference): Promise<Namespace> {
  try {
    return await importModule(module);
  } catch (cause) {
    const reason = `${path} cannot be had, as its module ${module} cannot be imported: ${printError(cause)}`;
    throw new TransferError('$', reason, { cause });
  }
}

function check(ref: Reference, value: unknown): unknown {
  if (typeof value === 'function') return value;
  if (value === undefined && isDefined(ref)) throw notDefined(ref);
  const what =
    value === undefined ? `has no export ${ref.export}` : `has as ${ref.export} a ${typeof value}, not a function`;
  throw new TransferError(
    '$',
    `${ref.module} ${what} in this process: it must export the same things in every process`,
  );
}
