// And if the forkserver has preloaded the main module?
import { forkserver, isMainProcess, Process } from 'zygote';

console.log(`the module runs, ${isMainProcess ? 'in main' : 'not in main'}`);

export function work(number) {
  console.log(`job ${number}`);
}

if (isMainProcess) {
  forkserver.preload([import.meta.url]);
  for (const number of [1, 2]) {
    const child = await new Process({ method: process.argv[2], target: work, args: [number] }).start();
    await child.result;
  }
}
