// Does the child see what a variable was set to at run time?
import { setTimeout as wait } from 'node:timers/promises';
import { isMainProcess, Process } from 'zygote';

let level = 'of the module';

export async function tell(argument) {
  await wait(50);
  console.log('variable:', level);
  console.log('argument:', argument);
}

if (isMainProcess) {
  level = 'set before the start';
  const child = await new Process({ method: process.argv[2], target: tell, args: [level] }).start();
  level = 'set after the start';
  await child.result;
}
