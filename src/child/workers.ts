/** Worker threads of the user's: they are cloned by a fork like every other thread. */
import type { MessagePort, Worker } from 'node:worker_threads';

const running = new Set<Worker>();

/** Notes each Worker that is started from now on. Node tells of them by an event of `process`. */
export function trackWorkers(): void {
  process.on('worker', (worker) => {
    // Node's own, which runs the loader hooks: `import()` in the child needs it.
    if (worker.constructor.name === 'InternalWorker') return;
    running.add(worker);
    worker.once('exit', () => running.delete(worker));
  });
}

/**
 * In a child that is to run nothing of its parent's: ends the copies of its Workers, without telling their listeners, and
 * drops the messages that are on their way. Undefined if that is done at once. Without threads there are no copies.
 */
export function endInheritedWorkers(threads: boolean): Promise<void> | undefined {
  const ports = openPorts();
  for (const worker of running) worker.removeAllListeners();
  if (!threads || running.size === 0) {
    running.clear();
    ports.forEach(dropWaiting);
    return undefined;
  }
  // Until they have ended, the copies may send more.
  for (const port of ports) port[dispatch] = () => {};
  const ended = [...running].map((worker) => worker.terminate());
  running.clear();
  // Nothing else keeps this process alive until then.
  const waiting = setInterval(() => {}, 1000);
  return Promise.all(ended).then(() => {
    clearInterval(waiting);
    for (const port of ports) {
      dropWaiting(port);
      delete port[dispatch];
    }
  });
}

/** The method by which Node hands a message to a port's listeners. */
const dispatch = Symbol.for('nodejs.internal.kHybridDispatch');

type Port = MessagePort & { [dispatch]?: () => void };

/** Ports that somebody listens to. */
function openPorts(): Port[] {
  const { _getActiveHandles: activeHandles } = process as unknown as { _getActiveHandles?: () => unknown[] };
  return (activeHandles?.call(process) ?? []).filter(isPort);
}

/** The module is not imported: that takes Node 5 ms. Where there is a port it is loaded. */
function isPort(handle: unknown): handle is Port {
  if ((handle as object).constructor?.name !== 'MessagePort') return false;
  return handle instanceof process.getBuiltinModule('node:worker_threads').MessagePort;
}

function dropWaiting(port: Port): void {
  const { receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
  while (receiveMessageOnPort(port));
}
