// What do children have of a module that was imported before them?
import { forkserver, isMainProcess, parentProcess, Process } from 'zygote';
import { madeBy, words } from './modules/dictionary.mjs';

export function look() {
  const who = { [process.pid]: 'this child', [parentProcess().pid]: 'the main process' };
  console.log(`${words.size} words, made by ${who[madeBy] ?? 'the forkserver'}`);
}

if (isMainProcess) {
  words.set('spoon', 'Löffel');
  forkserver.preload([import.meta.resolve('./modules/dictionary.mjs')]);

  const method = process.argv[2];
  for (let i = 0; i < 2; i++) {
    const child = await new Process({ method, target: look }).start();
    await child.result;
  }
  if (method === 'forkserver') console.log('preloaded:', ...(await forkserver.preloaded()));
}
