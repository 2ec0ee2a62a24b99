/** Questions about functions that only an inspector can answer. The session is of this very process, and ends with them. */
import type { Session } from 'node:inspector';

export interface Position {
  scriptId: string;
  /** From 0. */
  line: number;
  column: number;
}

/** A script as the debugger knows it. */
export interface Script {
  /** As the loader has named it; empty for `eval` and `new Function`. */
  url: string;
  isModule: boolean;
}

interface Remote {
  type: string;
  objectId?: string;
  description?: string;
  value?: unknown;
}

interface RemoteProperty {
  name: string;
  value?: Remote;
}

interface RemoteProperties {
  result: RemoteProperty[];
  internalProperties?: RemoteProperty[];
  privateProperties?: RemoteProperty[];
}

/** Calls `use` with an inspector; gives undefined in a Node that has none, or does not allow it. */
export function inspect<R>(use: (inspector: Inspector) => R): R | undefined {
  let session: Session;
  try {
    session = new (process.getBuiltinModule('node:inspector').Session)();
    session.connect();
  } catch {
    return undefined;
  }
  try {
    return use(new Inspector(session));
  } finally {
    session.disconnect();
  }
}

export class Inspector {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Where a function's source begins; undefined for a built-in one. */
  position(fn: object): Position | undefined {
    const { internalProperties = [] } = this.#properties(this.#hold(fn));
    const value = internalProperties.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value;
    if (typeof value !== 'object' || value === null) return undefined;
    const { scriptId, lineNumber, columnNumber } = value as {
      scriptId: string;
      lineNumber: number;
      columnNumber: number;
    };
    return { scriptId, line: lineNumber, column: columnNumber };
  }

  /** Whether the object has private members: fields, methods or accessors. */
  hasPrivate(object: object): boolean {
    return (this.#properties(this.#hold(object)).privateProperties ?? []).length > 0;
  }

  /** The kinds of the scopes that a function was made in, the innermost first: `Closure (name)`, `Module`, `Global`, … */
  scopes(fn: object): string[] {
    return this.#scopes(fn).map(({ description = '' }) => description);
  }

  /** The variable with this name in the scopes that a function was made in. */
  variable(fn: object, name: string): unknown {
    for (const scope of this.#scopes(fn)) {
      const found = this.#properties(scope.objectId ?? '').result.find((property) => property.name === name)?.value;
      if (found?.objectId) return this.#take(found.objectId);
    }
    return undefined;
  }

  /** All scripts that there are, by their ids. The first call takes about 15 ms, as V8 makes a hash of every script. */
  scripts(): Map<string, Script> {
    const scripts = new Map<string, Script>();
    this.#session.on('Debugger.scriptParsed', ({ params }) => {
      // `url` would be what a `sourceURL` comment says.
      const { scriptId, url, embedderName, isModule = false } = params as typeof params & { embedderName?: string };
      scripts.set(scriptId, { url: embedderName ?? url, isModule });
    });
    this.#post('Debugger.enable', {});
    this.#post('Debugger.disable', {});
    return scripts;
  }

  /** All living objects that have `prototype` in their prototype chain. Walks the heap after a garbage collection. */
  instances(prototype: object): object[] {
    const { objects } = this.#post<{ objects: Remote }>('Runtime.queryObjects', {
      prototypeObjectId: this.#hold(prototype),
    });
    return this.#take(objects.objectId ?? '') as object[];
  }

  #scopes(fn: object): Remote[] {
    const { internalProperties = [] } = this.#properties(this.#hold(fn));
    const list = internalProperties.find(({ name }) => name === '[[Scopes]]')?.value?.objectId;
    if (list === undefined) return [];
    return this.#properties(list)
      .result.filter(({ name }) => /^\d+$/.test(name))
      .map(({ value }) => value)
      .filter((value) => value !== undefined);
  }

  #properties(objectId: string): RemoteProperties {
    return this.#post('Runtime.getProperties', { objectId, ownProperties: true });
  }

  /** The session's name for an object. */
  #hold(object: object): string {
    return withGlobal(object, (expression) => {
      const { result } = this.#post<{ result: Remote }>('Runtime.evaluate', { expression });
      return result.objectId ?? '';
    });
  }

  /** The object that has this name in the session. */
  #take(objectId: string): unknown {
    const taken: { value?: unknown } = {};
    withGlobal(taken, (expression) =>
      this.#post('Runtime.callFunctionOn', {
        objectId,
        functionDeclaration: `function () { ${expression}.value = this; }`,
      }),
    );
    return taken.value;
  }

  /** Sessions of this process answer before `post` returns. */
  #post<R>(method: string, parameters: object): R {
    let answer: R | undefined;
    let failure: Error | null = null;
    this.#session.post(method, parameters, (error, result) => {
      failure = error;
      answer = result as R;
    });
    if (failure) throw failure as Error;
    if (answer === undefined) throw new Error(`${method} did not answer at once`);
    return answer;
  }
}

let names = 0;

/** Gives a value a global name for the time of a call: the only way for a session to get hold of it. */
function withGlobal<R>(value: unknown, use: (expression: string) => R): R {
  const key = `__zygote_transfer_${names++}`;
  try {
    Object.defineProperty(globalThis, key, { value, configurable: true });
    return use(`globalThis.${key}`);
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
}
