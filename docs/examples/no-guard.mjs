// And if it starts a process there, without a guard?
import { isMainProcess, Process } from 'zygote';
import { show } from './modules/show.mjs';

export function work() {
  return 'done';
}

await show(isMainProcess ? 'main' : 'child', new Process({ method: process.argv[2], target: work }));
