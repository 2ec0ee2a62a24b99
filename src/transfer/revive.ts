/** Reads what an encoder has written. */
import { TransferError } from '../errors.js';
import { native } from '../native/binding.js';
import type { ClassedRecord } from './encode.js';
import { type ErrorParts, fill, shellOf } from './error-parts.js';
import { rebuildHandle } from './handles.js';
import { importModule } from './modules.js';
import { put } from './own-property.js';
import type { ErrorClassRecord, Prelude, ReducerRecord, ReferenceRecord, SpecialRecord } from './prelude.js';
import { isTooDeep, printError } from './problem.js';
import { type AnyClass, reducerFor, type RegisteredReducer } from './reducers.js';
import { resolveReference } from './reference.js';
import { type Rebuild, rebuildOf } from './shareable.js';
import { Reader } from './wire.js';

/** For bytes that make no sense. */
export function unreadable(cause: unknown): TransferError {
  if (isTooDeep(cause)) return new TransferError('$', 'it is nested too deeply', { cause });
  return new TransferError('$', `the bytes that arrived are not what pickle() writes: ${printError(cause)}`, { cause });
}

/** The value; or a promise of it if modules have to be imported first. `bytes` are the first segment without its tag. */
export function revive(bytes: Uint8Array, segments: readonly Uint8Array[], descriptors: readonly number[]): unknown {
  const free = new Set(descriptors);
  const fail = (error: unknown): never => {
    closeAll(free);
    throw error;
  };
  try {
    let standsFor: (index: number) => object = () => {
      throw new RangeError('a placeholder before its time');
    };
    const reader = new Reader(bytes, segments, (index) => standsFor(index));
    const prelude = readPrelude(reader, segments);
    const known = lookUp(prelude);
    const read = (found: Known): unknown => {
      const reviver = new Reviver(reader, prelude, found, { all: descriptors, free });
      standsFor = (index) => reviver.standsFor(index);
      return reviver.read();
    };
    return known instanceof Promise ? known.then(read).catch(fail) : read(known);
  } catch (error) {
    return fail(error);
  }
}

function readPrelude(reader: Reader, segments: readonly Uint8Array[]): Prelude {
  try {
    reader.readHeader();
    const prelude = reader.readValue() as Prelude;
    for (const list of prelude.slice(0, 5)) if (!Array.isArray(list)) throw new TypeError('there is no list');
    for (const [id, segment] of prelude[2].entries()) reader.transferArrayBuffer(id, bufferOf(segments[segment]));
    return prelude;
  } catch (error) {
    throw unreadable(error);
  }
}

/** The memory of a segment, if nothing else is in it. */
function bufferOf(segment: Uint8Array | undefined): ArrayBuffer {
  if (!segment) throw new RangeError('a segment is missing');
  const { buffer, byteLength } = segment;
  return (byteLength === buffer.byteLength ? buffer : segment.slice().buffer) as ArrayBuffer;
}

/** What has to be found in this process before a value can be read. */
interface Known {
  /** What the references lead to. */
  things: readonly unknown[];
  /** Undefined for those that are to be looked for by their names. */
  errorClasses: readonly unknown[];
  reducers: readonly RegisteredReducer[];
  /** By the kinds of what is shared. */
  rebuilds: ReadonlyMap<string, Rebuild>;
}

function lookUp([references, specials, , classNames, reducers]: Prelude): Known | Promise<Known> {
  const things = all(references, ([module, path]) => resolveReference({ module, export: path }));
  const errorClasses = all(classNames, ([, reference]) => reference && orNothing(reference));
  const kinds = [...new Set(specials.flatMap((special) => (special[0] === 'shared' ? special[2] : [])))];
  const rebuilds = all(kinds, rebuildOf) as Awaitable<Rebuild[]>;
  const withReducers = ([found, classes, shared]: [unknown[], unknown[], Rebuild[]]): Known | Promise<Known> => {
    const registered = all(reducers, (record) => reducerOf(record, found)) as Awaitable<RegisteredReducer[]>;
    const known = (list: RegisteredReducer[]): Known => ({
      things: found,
      errorClasses: classes,
      reducers: list,
      rebuilds: new Map(kinds.map((kind, index) => [kind, shared[index] as Rebuild])),
    });
    return registered instanceof Promise ? registered.then(known) : known(registered);
  };
  if (things instanceof Promise || errorClasses instanceof Promise || rebuilds instanceof Promise) {
    return Promise.all([things, errorClasses, rebuilds]).then(withReducers);
  }
  return withReducers([things, errorClasses, rebuilds]);
}

type Awaitable<T> = T | Promise<T>;

/** What `get` gives for each; a promise only if one of them is. No promise is left behind that could be rejected unheard. */
function all<T>(list: readonly T[], get: (element: T) => unknown): Awaitable<unknown[]> {
  const failures: unknown[] = [];
  const results = list.map((element) => {
    try {
      return get(element);
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  });
  const check = (): unknown[] => {
    if (failures.length > 0) throw failures[0];
    return results;
  };
  return results.some((result) => result instanceof Promise) ? settle(results, check) : check();
}

async function settle(results: unknown[], check: () => unknown): Promise<unknown[]> {
  const values = await Promise.all(results);
  check();
  return values;
}

/** An error whose class cannot be had is still an error. */
function orNothing([module, path]: ReferenceRecord): unknown {
  try {
    const found = resolveReference({ module, export: path });
    return found instanceof Promise ? found.catch(() => {}) : found;
  } catch {
    return undefined;
  }
}

function reducerOf(
  [Class, name, where]: ReducerRecord,
  things: readonly unknown[],
): RegisteredReducer | Promise<RegisteredReducer> {
  const { prototype } = things[Class] as AnyClass;
  const find = () => reducerFor(prototype as object);
  const missing = () =>
    new TransferError(
      '$',
      `this process has no reducer for ${name}: call registerReducer() at the top level of the module of that class, so that every process that has the class has it`,
    );
  const found = find();
  if (found) return found;
  if (where === undefined) throw missing();
  return importModule(where).then(() => {
    const registered = find();
    if (!registered) throw missing();
    return registered;
  });
}

interface Descriptors {
  all: readonly number[];
  /** Those that nobody has taken over yet. */
  free: Set<number>;
}

/** Reads the parts behind the prelude. */
class Reviver {
  readonly #reader: Reader;
  readonly #specials: readonly SpecialRecord[];
  readonly #classNames: readonly ErrorClassRecord[];
  readonly #reduced: number;
  readonly #hasClassed: boolean;
  readonly #known: Known;
  readonly #descriptors: Descriptors;
  /** What has been made for the placeholders so far. */
  readonly #made: (object | undefined)[] = [];
  /** Errors whose parts come next. */
  readonly #shells: Error[] = [];

  constructor(reader: Reader, prelude: Prelude, known: Known, descriptors: Descriptors) {
    this.#reader = reader;
    [, this.#specials, , this.#classNames, , this.#reduced, this.#hasClassed] = prelude;
    this.#known = known;
    this.#descriptors = descriptors;
  }

  read(): unknown {
    const order: number[] = [];
    for (const [index, [is, position]] of this.#specials.entries()) {
      if (is === 'reduced' || is === 'shared') order[position] = index;
    }
    for (let part = 0; part < this.#reduced; part++) {
      const [state] = this.#readPart() as [unknown];
      const index = order[part] ?? -1;
      const special = this.#specials[index];
      if (special?.[0] === 'reduced') this.#made[index] = this.#rebuild(special[2], state);
      else if (special?.[0] === 'shared') this.#made[index] = this.#share(special[2], state, special[3]);
      else throw unreadable('a state of nothing');
    }
    return this.#readPart();
  }

  /** What the placeholder with this number stands for. */
  standsFor(index: number): object {
    return (this.#made[index] ??= this.#make(this.#specials[index]));
  }

  #readPart(): unknown {
    try {
      const value: unknown = this.#reader.readValue();
      this.#fillShells();
      if (this.#hasClassed) {
        this.#giveClasses(this.#reader.readValue() as ClassedRecord[]);
        this.#fillShells();
      }
      return value;
    } catch (error) {
      throw error instanceof TransferError ? error : unreadable(error);
    }
  }

  #fillShells(): void {
    while (this.#shells.length > 0) {
      const shells = this.#shells.splice(0);
      const parts = this.#reader.readValue() as ErrorParts[];
      for (const [index, shell] of shells.entries()) fill(shell, parts[index] as ErrorParts);
    }
  }

  #giveClasses(groups: ClassedRecord[]): void {
    for (const [Class, instances, extras] of groups) {
      const { prototype } = this.#known.things[Class] as { prototype: object };
      for (const instance of instances) Object.setPrototypeOf(instance, prototype);
      for (const [index, extra] of extras?.entries() ?? []) {
        for (const [key, value] of Object.entries(extra ?? {})) put(instances[index] as object, key, value);
      }
    }
  }

  #rebuild(reducer: number, state: unknown): object {
    const { Class, rebuild } = this.#known.reducers[reducer] as RegisteredReducer;
    let instance: unknown;
    try {
      instance = rebuild(state);
    } catch (cause) {
      throw new TransferError('$', `rebuild() of the reducer of ${Class.name} throws ${printError(cause)}`, { cause });
    }
    if ((typeof instance === 'object' && instance !== null) || typeof instance === 'function') return instance;
    throw new TransferError('$', `rebuild() of the reducer of ${Class.name} gave no object`);
  }

  #share(kind: string, state: unknown, descriptors: readonly number[]): object {
    const rebuild = this.#known.rebuilds.get(kind) as Rebuild;
    const taken = descriptors.map((descriptor) => this.#take(descriptor));
    try {
      return rebuild(state as never, taken);
    } catch (cause) {
      throw new TransferError('$', `a ${kind} cannot be shared with this process: ${printError(cause)}`, { cause });
    }
  }

  #take(descriptor: number): number {
    const fd = this.#descriptors.all[descriptor];
    if (fd === undefined) throw unreadable('a descriptor is missing');
    this.#descriptors.free.delete(fd);
    return fd;
  }

  #make(special: SpecialRecord | undefined): object {
    if (special?.[0] === 'function') return this.#known.things[special[1]] as object;
    if (special?.[0] === 'error') return this.#makeError(special[1], special[2], special[3]);
    if (special?.[0] !== 'handle') throw new RangeError('a placeholder for nothing');
    const [, handle, descriptor] = special;
    const fd = this.#descriptors.all[descriptor];
    if (fd === undefined) throw new RangeError('a descriptor is missing');
    const made = rebuildHandle(handle, fd);
    this.#descriptors.free.delete(fd);
    return made;
  }

  #makeError(Class: number, name: string, message: string): Error {
    const [className] = this.#classNames[Class] ?? [];
    if (!className) throw new RangeError('an error without a class');
    const shell = shellOf({ name, message }, this.#known.errorClasses[Class], className);
    this.#shells.push(shell);
    return shell;
  }
}

/** Closes what was taken over, and cannot be used. */
export function closeAll(descriptors: Iterable<number>): void {
  for (const fd of descriptors) {
    if (process.platform === 'win32') {
      native().closeDescriptor(fd);
      continue;
    }
    try {
      process.getBuiltinModule('node:fs').closeSync(fd);
    } catch {
      // Closed already.
    }
  }
}
