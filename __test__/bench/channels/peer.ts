/** The served side of `child_process` IPC, and of a MessagePort in a Worker. */
import { isMainThread, parentPort } from 'node:worker_threads';
import { linkOf, serve } from './link.js';

if (isMainThread) {
  const send = (message: unknown): Promise<void> =>
    new Promise((resolve, reject) => {
      process.send?.(message, undefined, {}, (error) => (error ? reject(error) : resolve()));
    });
  await serve(linkOf(send, (listener) => process.on('message', listener)));
  process.disconnect();
} else {
  const port = parentPort as NonNullable<typeof parentPort>;
  await serve(
    linkOf(
      (message) => port.postMessage(message),
      (listener) => port.on('message', listener),
    ),
  );
  port.close();
}
