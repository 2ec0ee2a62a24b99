/** From the message that tells a child what to run to the function that runs it. */
import { ZygoteError } from '../errors.js';
import { pickling } from '../process/pickling.js';
import { setBootstrapping } from '../process/self.js';
import { readSimple } from '../process/simple.js';
import type { Task } from '../start/starter.js';
import type { Pickled } from '../transfer/pickle.js';

/** Imports what the task needs. The function returned runs it. */
export async function loadTask(segments: Uint8Array[], descriptors: number[]): Promise<() => unknown> {
  setBootstrapping(true);
  const { target, args, subclass } = await imported({ segments, descriptors });
  setBootstrapping(false);
  if (!subclass) return () => (target as (...args: unknown[]) => unknown)(...args);
  // Only here: most children need nothing of it.
  const { Process } = await import('../process/process.js');
  const options = typeof target === 'function' ? { target: target as () => unknown } : {};
  const process = Process.revive(subclass.Class as typeof Process, options, subclass.fields);
  return () => process.run(...args);
}

/** A missing main guard is what its message says, not that the module could not be imported because of it. */
async function imported(message: Pickled): Promise<Task> {
  try {
    const simple = readSimple(message.segments);
    if (simple) return await simpleTask(simple as SimpleTask);
    const { unpickle } = await pickling();
    return (await unpickle(message)) as Task;
  } catch (error) {
    const { cause } = error as Error;
    throw cause instanceof ZygoteError && cause.code === 'ERR_ZYGOTE_BOOTSTRAPPING' ? cause : error;
  }
}

type SimpleTask = [module: string, name: string, ...args: unknown[]];

/** Longest time to wait for an import before asking who knows what it may be waiting for. */
const PATIENCE = 100; // ms

async function simpleTask([module, name, ...args]: SimpleTask): Promise<Task> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, PATIENCE, undefined)));
  const importing = (import(module) as Promise<Record<string, unknown>>).catch(() => undefined);
  const namespace = await Promise.race([importing, patience]);
  clearTimeout(timer);
  const exported = namespace && Object.hasOwn(namespace, name) ? namespace[name] : undefined;
  if (typeof exported === 'function') return { target: exported, args };
  const { resolveReference } = await import('../transfer/reference.js');
  return { target: await resolveReference({ module, export: name }), args };
}
