/** What belongs to the parent and must not go on in a child of `Process`: listeners, connection pools, standard input. */
import type { Agent as HttpAgent } from 'node:http';
import { fstatSync, statSync } from 'node:fs';
import { native } from '../native/binding.js';

/** Events of `process` by which Node connects signals with their listeners. */
const NODES_OWN = new Set<string | symbol>(['newListener', 'removeListener']);

/**
 * Call it in the child before anything of the user's. `keep` are the descriptors that were asked for; standard input is made
 * empty unless another one will take its place.
 */
export function dropParentsThings(keep: number[], inputFollows: boolean): void {
  for (const event of process.eventNames()) {
    if (NODES_OWN.has(event)) continue;
    for (const listener of process.rawListeners(event)) {
      // Node's own, which prints warnings.
      if (listener.name !== 'onWarning') process.off(event, listener as () => void);
    }
  }
  // With the module `domain` loaded it cannot be set at all.
  if (process.hasUncaughtExceptionCaptureCallback()) process.setUncaughtExceptionCaptureCallback(null);
  process.exitCode = undefined;
  dropIpcChannel();
  native().stopInherited(keep);
  if (!keep.includes(0)) renewInput(inputFollows);
  renewAgents();
}

/** The parent may be somebody's `child_process.fork`: that channel is not this child's. */
function dropIpcChannel(): void {
  if (!process.channel) return;
  process.channel.unref?.();
  for (const name of ['send', 'channel', '_channel', 'connected', 'disconnect']) {
    Reflect.deleteProperty(process, name);
  }
  delete process.env['NODE_CHANNEL_FD'];
}

function renewInput(inputFollows: boolean): void {
  const before = Object.getOwnPropertyDescriptor(process, 'stdin');
  if (!inputFollows) native().emptyInput(!isFile(0));
  // A stream that the parent had opened would go on with the parent's listeners.
  let stream: NodeJS.ReadableStream | undefined;
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    enumerable: before?.enumerable ?? true,
    get: () => (stream ??= openInput()),
  });
}

function openInput(): NodeJS.ReadableStream {
  const tty = process.getBuiltinModule('node:tty');
  if (tty.isatty(0)) return new tty.ReadStream(0);
  if (isFile(0)) return process.getBuiltinModule('node:fs').createReadStream('', { fd: 0, autoClose: false });
  const { Socket } = process.getBuiltinModule('node:net');
  return Object.assign(new Socket({ fd: 0, readable: true, writable: false }), { fd: 0 as const });
}

const nullDevice = statSync('/dev/null', { throwIfNoEntry: false })?.rdev;

/** Files and /dev/null are read by the thread pool; all else is registered with the event loop once it is read. */
function isFile(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isFile() || (status.isCharacterDevice() && status.rdev === nullDevice);
  } catch {
    return true;
  }
}

/** Idle connections in the pools are the parent's: the child starts with empty ones. */
function renewAgents(): void {
  const loaded = (process as unknown as { moduleLoadList?: string[] }).moduleLoadList ?? [];
  for (const name of ['http', 'https'] as const) {
    if (!loaded.includes(`NativeModule ${name}`)) continue;
    const module = process.getBuiltinModule(`node:${name}`) as { globalAgent: HttpAgent };
    const old = module.globalAgent as HttpAgent & { options: object };
    const Agent = old.constructor as new (options: object) => HttpAgent;
    module.globalAgent = new Agent({ ...old.options });
  }
  renewDispatchers();
}

/** The pools of `fetch`. From Node 24 on there are two: the first version's is the second one's, or a wrapper of it. */
function renewDispatchers(): void {
  const globals = globalThis as Record<symbol, Dispatcher | undefined>;
  const renewed = new Map<Dispatcher, Dispatcher>();
  let last: Dispatcher | undefined;
  for (const name of ['undici.globalDispatcher.2', 'undici.globalDispatcher.1'].map(Symbol.for)) {
    const old = globals[name];
    if (!old) continue;
    const made = renewed.get(old) ?? renewDispatcher(old, last);
    if (!made) continue;
    renewed.set(old, made);
    globals[name] = last = made;
  }
}

interface Dispatcher {
  constructor: { name: string };
  [key: symbol]: unknown;
}

/** Undefined for those of other kinds, whose user has made them and knows what they need. */
function renewDispatcher(old: Dispatcher, inner: Dispatcher | undefined): Dispatcher | undefined {
  const Class = old.constructor as unknown as new (argument?: object) => Dispatcher;
  if (Class.name === 'Dispatcher1Wrapper') return inner && new Class(inner);
  if (Class.name !== 'Agent') return undefined;
  const kept = (description: string) =>
    Object.getOwnPropertySymbols(old)
      .filter((symbol) => symbol.description === description)
      .map((symbol) => old[symbol])[0];
  const factory = kept('factory');
  return new Class({ ...(kept('options') as object | undefined), ...(factory !== undefined && { factory }) });
}
