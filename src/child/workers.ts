/** Worker threads of the user's: they are cloned by a fork like every other thread. */
import { MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';

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
 * drops the messages that are on their way. Undefined if that is done at once.
 */
export function endInheritedWorkers(): Promise<void> | undefined {
  const ports = openPorts();
  if (running.size === 0) {
    ports.forEach(dropMessages);
    return undefined;
  }
  for (const port of ports) port.stop();
  const ended = [...running].map((worker) => {
    worker.removeAllListeners();
    return worker.terminate();
  });
  running.clear();
  // Nothing else keeps this process alive until then.
  const waiting = setInterval(() => {}, 1000);
  return Promise.all(ended).then(() => {
    clearInterval(waiting);
    for (const port of ports) {
      dropMessages(port);
      port.start();
    }
  });
}

interface Port extends MessagePort {
  /** As `start`, but not documented: messages wait from now on. */
  stop(): void;
}

/** Ports that somebody listens to. */
function openPorts(): Port[] {
  const { _getActiveHandles: activeHandles } = process as unknown as { _getActiveHandles?: () => unknown[] };
  return (activeHandles?.call(process) ?? []).filter((handle): handle is Port => handle instanceof MessagePort);
}

function dropMessages(port: Port): void {
  while (receiveMessageOnPort(port));
}
