// How often does the code at the top level of a module run?
import { isMainProcess, Process } from 'zygote';

console.log(`the module runs, ${isMainProcess ? 'in main' : 'not in main'}`);

export function work(number) {
  console.log(`job ${number}`);
}

if (isMainProcess) {
  for (const number of [1, 2]) {
    const child = await new Process({ method: process.argv[2], target: work, args: [number] }).start();
    await child.result;
  }
}
