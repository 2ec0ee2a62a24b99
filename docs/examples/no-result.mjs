// And if there is no result?
import { isMainProcess, Process } from 'zygote';
import { show } from './modules/show.mjs';

export const leave = () => process.exit(3);
export const kill = () => process.kill(process.pid, 'SIGKILL');
export const waitForNothing = () => new Promise(() => {});
export const returnSymbol = () => ({ jobs: [{ id: Symbol('a') }] });

if (isMainProcess) {
  for (const target of [leave, kill, waitForNothing, returnSymbol]) {
    await show(target.name, new Process({ method: process.argv[2], name: 'job', target }));
  }
}
