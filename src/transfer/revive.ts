/** Reads what an encoder has written. */
import { TransferError } from '../errors.js';
import type { ClassedGroup, Prelude, SpecialRecord } from './encode.js';
import { type ErrorParts, fill, shellOf } from './error-parts.js';
import { rebuildHandle } from './handles.js';
import { importModule } from './modules.js';
import { printError } from './problem.js';
import { type AnyClass, reducerFor, type RegisteredReducer } from './reducers.js';
import { resolveReference } from './reference.js';
import { Reader } from './wire.js';

/** For bytes that make no sense. */
export function unreadable(cause: unknown): TransferError {
  return new TransferError('$', `the bytes that arrived are not what pickle() writes: ${printError(cause)}`, { cause });
}

/** The value; or a promise of it if modules have to be imported first. `bytes` are the first segment without its tag. */
export function revive(bytes: Uint8Array, segments: readonly Uint8Array[], descriptors: readonly number[]): unknown {
  const free = new Set(descriptors);
  const fail = (error: unknown): never => {
    for (const fd of free) close(fd);
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
    return isPromise<Known>(known) ? known.then(read).catch(fail) : read(known);
  } catch (error) {
    return fail(error);
  }
}

function readPrelude(reader: Reader, segments: readonly Uint8Array[]): Prelude {
  try {
    reader.readHeader();
    const prelude = reader.readValue() as Prelude;
    const { references, specials, buffers, errorClasses, reducers } = prelude;
    for (const list of [references, specials, buffers, errorClasses, reducers]) {
      if (!Array.isArray(list)) throw new TypeError('no list');
    }
    for (const [id, segment] of buffers.entries()) reader.transferArrayBuffer(id, bufferOf(segments[segment]));
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
}

function lookUp(prelude: Prelude): Known | Promise<Known> {
  const things = prelude.references.map(([module, path]) => resolveReference({ module, export: path }));
  const errorClasses = prelude.errorClasses.map(({ reference }) => {
    // An error whose class cannot be had is still an error.
    if (!reference) return undefined;
    try {
      const found = resolveReference({ module: reference[0], export: reference[1] });
      return isPromise(found) ? found.catch(() => {}) : found;
    } catch {
      return undefined;
    }
  });
  const withReducers = (found: unknown[], classes: unknown[]): Known | Promise<Known> => {
    const reducers: unknown[] = prelude.reducers.map((record) => reducerOf(record, found));
    const known = (all: unknown[]) => ({ things: found, errorClasses: classes, reducers: all as RegisteredReducer[] });
    return reducers.some(isPromise) ? Promise.all(reducers).then(known) : known(reducers);
  };
  if (!things.some(isPromise) && !errorClasses.some(isPromise)) return withReducers(things, errorClasses);
  return Promise.all([Promise.all(things), Promise.all(errorClasses)]).then(([found, classes]) =>
    withReducers(found, classes),
  );
}

function reducerOf(
  { Class, name, where }: Prelude['reducers'][number],
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
  readonly #prelude: Prelude;
  readonly #known: Known;
  readonly #descriptors: Descriptors;
  /** What has been made for the placeholders so far. */
  readonly #made: (object | undefined)[] = [];
  /** Errors whose parts come next. */
  readonly #shells: Error[] = [];

  constructor(reader: Reader, prelude: Prelude, known: Known, descriptors: Descriptors) {
    this.#reader = reader;
    this.#prelude = prelude;
    this.#known = known;
    this.#descriptors = descriptors;
  }

  read(): unknown {
    const order: [index: number, reducer: number][] = [];
    for (const [index, special] of this.#prelude.specials.entries()) {
      if (special.is === 'reduced') order[special.order] = [index, special.reducer];
    }
    for (let part = 0; part < this.#prelude.reduced; part++) {
      const [state] = this.#readPart() as [unknown];
      const [index, reducer] = order[part] ?? [];
      if (index === undefined || reducer === undefined) throw unreadable('a state of nothing');
      this.#made[index] = this.#rebuild(reducer, state);
    }
    return this.#readPart();
  }

  /** What the placeholder with this number stands for. */
  standsFor(index: number): object {
    return (this.#made[index] ??= this.#make(this.#prelude.specials[index]));
  }

  #readPart(): unknown {
    try {
      const value: unknown = this.#reader.readValue();
      this.#fillShells();
      if (this.#prelude.hasClassed) {
        this.#giveClasses(this.#reader.readValue() as ClassedGroup[]);
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

  #giveClasses(groups: ClassedGroup[]): void {
    for (const [Class, instances, extras] of groups) {
      const { prototype } = this.#known.things[Class] as { prototype: object };
      for (const [index, instance] of instances.entries()) {
        Object.setPrototypeOf(instance, prototype);
        const extra = extras?.[index];
        if (extra) Object.assign(instance, extra);
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

  #make(special: SpecialRecord | undefined): object {
    if (special?.is === 'function') return this.#known.things[special.reference] as object;
    if (special?.is === 'error') {
      const name = this.#prelude.errorClasses[special.Class];
      if (!name) throw new RangeError('an error without a class');
      const shell = shellOf(special, this.#known.errorClasses[special.Class], name);
      this.#shells.push(shell);
      return shell;
    }
    if (special?.is === 'handle') {
      const fd = this.#descriptors.all[special.descriptor];
      if (fd === undefined) throw new RangeError('a descriptor is missing');
      const handle = rebuildHandle(special.handle, fd);
      this.#descriptors.free.delete(fd);
      return handle;
    }
    throw new RangeError('a placeholder for nothing');
  }
}

function isPromise<T = unknown>(value: unknown): value is Promise<T> {
  return value instanceof Promise;
}

function close(fd: number): void {
  try {
    process.getBuiltinModule('node:fs').closeSync(fd);
  } catch {
    // Closed already.
  }
}
