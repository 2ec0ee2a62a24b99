/** The functions that a pool was given, by numbers. */
import { TransferError } from '../errors.js';
import { findExport } from '../transfer/reference.js';
import { pickle } from '../transfer/pickle.js';

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

export class PoolFunction {
  readonly name: string;
  /** Microseconds that a call takes, as far as that is known. */
  mean: number = Infinity;
  #reference: Uint8Array[] | undefined;
  /** Whether it was found out that no module exports it. */
  #unfindable = false;

  /** @param number in its pool. */
  constructor(
    readonly number: number,
    fn: AnyFunction,
  ) {
    this.name = fn.name || 'anonymous';
  }

  /** Takes one measurement into account; a single slow one, as at a garbage collection, only a little. */
  note(micros: number): void {
    const { mean } = this;
    this.mean = mean === Infinity ? micros : mean + (Math.min(micros, 8 * mean + 50) - mean) / 8;
  }

  /**
   * Itself, for a worker that does not have it.
   *
   * @throws TransferError if no module exports it.
   */
  reference(fn: AnyFunction): Uint8Array[] {
    return (this.#reference ??= referenceTo(fn));
  }

  /** The same, and undefined if it takes a search to find whether there is one, or there is none. */
  quickReference(fn: AnyFunction): Uint8Array[] | undefined {
    if (this.#reference || this.#unfindable) return this.#reference;
    if (findExport(fn)) {
      try {
        return this.reference(fn);
      } catch {
        // A clone of this process has it.
      }
    }
    this.#unfindable = true;
    return undefined;
  }
}

function referenceTo(fn: AnyFunction): Uint8Array[] {
  try {
    return pickle(fn).segments;
  } catch (error) {
    if (error instanceof TransferError) throw new TransferError('$.fn', error.reason, { cause: error.cause });
    throw error;
  }
}

export class Functions {
  readonly #known = new WeakMap<AnyFunction, PoolFunction>();
  readonly #all = new Map<number, WeakRef<AnyFunction>>();
  readonly #gone = new FinalizationRegistry<number>((number) => this.#all.delete(number));
  #count = 0;

  of(fn: AnyFunction): PoolFunction {
    return this.#known.get(fn) ?? this.#add(fn);
  }

  #add(fn: AnyFunction): PoolFunction {
    const added = new PoolFunction(this.#count++, fn);
    this.#known.set(fn, added);
    this.#all.set(added.number, new WeakRef(fn));
    this.#gone.register(fn, added.number);
    return added;
  }

  /** In a clone of this process: all that there are, and below which number that is. */
  inherited(): Inherited {
    const known = new Map<number, AnyFunction>();
    for (const [number, ref] of this.#all) {
      const fn = ref.deref();
      if (fn) known.set(number, fn);
    }
    return { known, below: this.#count };
  }
}

export interface Inherited {
  known: Map<number, AnyFunction>;
  below: number;
}
