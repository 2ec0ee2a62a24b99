/**
 * Looking into this very process through an inspector session. No debugger is switched on by it, and no port opened; the
 * session answers before `post` returns.
 */
import type { Session } from 'node:inspector';

/** A session of this process; undefined in a Node that was built without the inspector. */
export function connect(): Session | undefined {
  try {
    const { Session } = process.getBuiltinModule('node:inspector');
    const session = new Session();
    session.connect();
    return session;
  } catch {
    return undefined;
  }
}

interface RemoteProperty {
  name: string;
  value?: { objectId?: string };
}

/** The objects with these names in the scopes that `fn` closes over. */
export function scopeOf(session: Session, fn: () => unknown, names: string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const { result: remote } = withGlobal(fn, (name) => post<Remote>(session, 'Runtime.evaluate', { expression: name }));
  const { internalProperties = [] } = properties(session, remote.objectId);
  const scopes = internalProperties.find(({ name }) => name === '[[Scopes]]')?.value?.objectId;
  if (!scopes) return values;
  const stash: { value?: unknown } = {};
  withGlobal(stash, (global) => {
    for (const scope of properties(session, scopes).result) {
      if (!/^\d+$/.test(scope.name) || !scope.value?.objectId) continue;
      for (const { name, value } of properties(session, scope.value.objectId).result) {
        if (!names.includes(name) || name in values || !value?.objectId) continue;
        post(session, 'Runtime.callFunctionOn', {
          objectId: value.objectId,
          functionDeclaration: `function () { ${global}.value = this; }`,
        });
        values[name] = stash.value;
      }
      if (names.every((name) => name in values)) return;
    }
  });
  return values;
}

function properties(
  session: Session,
  objectId: string,
): { result: RemoteProperty[]; internalProperties?: RemoteProperty[] } {
  return post(session, 'Runtime.getProperties', { objectId, ownProperties: true });
}

/** In-process sessions answer before `post` returns. */
function post<R>(session: Session, method: string, parameters: object): R {
  let answer: R | undefined;
  let failure: Error | null = null;
  session.post(method, parameters, (error, result) => {
    failure = error;
    answer = result as R;
  });
  if (failure) throw failure as Error;
  if (answer === undefined) throw new Error(`${method} did not answer at once`);
  return answer;
}

/** All living objects that have `prototype` in their prototype chain. Walks the heap after a garbage collection. */
export function queryObjects(prototype: object): object[] {
  const session = connect();
  if (!session) return [];
  const found: { value?: object[] } = {};
  try {
    withGlobal(prototype, (name) => {
      const { result } = post<Remote>(session, 'Runtime.evaluate', { expression: name });
      const { objects } = post<{ objects: { objectId: string } }>(session, 'Runtime.queryObjects', {
        prototypeObjectId: result.objectId,
      });
      withGlobal(found, (stash) => {
        post(session, 'Runtime.callFunctionOn', {
          objectId: objects.objectId,
          functionDeclaration: `function () { ${stash}.value = this; }`,
        });
      });
    });
    return found.value ?? [];
  } catch {
    return [];
  } finally {
    session.disconnect();
  }
}

interface Remote {
  result: { objectId: string };
}

/** Gives a value a global name for the time of a call: the only way for a session to get hold of it. */
function withGlobal<R>(value: unknown, use: (name: string) => R): R {
  const key = `__zygote_${process.hrtime.bigint()}`;
  const globals = globalThis as Record<string, unknown>;
  try {
    globals[key] = value;
    return use(`globalThis.${key}`);
  } finally {
    delete globals[key];
  }
}
