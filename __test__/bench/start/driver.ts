/** A process of its own that starts children by one method, whenever it is told to, and tells how long each took. */
import { forkserver, Process, type StartMethod } from 'zygote';
import { noop } from './noop.js';

const [method, ...preload] = process.argv.slice(2) as [StartMethod, ...string[]];

void prepare().then(() => {
  process.on('message', () => void measure().then((took) => process.send?.(took)));
  process.send?.('ready');
});

async function prepare(): Promise<void> {
  if (method !== 'forkserver') return;
  forkserver.preload([new URL('noop.js', import.meta.url).href, ...preload]);
  await forkserver.start();
}

/** Start to result, in milliseconds. */
async function measure(): Promise<number> {
  const from = performance.now();
  const child = new Process({ target: noop, method });
  await child.start();
  await child.result;
  const took = performance.now() - from;
  await child.join();
  return took;
}
