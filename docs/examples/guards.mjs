// Which guards tell the main process from its children?
import { fileURLToPath } from 'node:url';
import { isMainProcess, Process } from 'zygote';

const isMainModule = process.argv[1] === fileURLToPath(import.meta.url);

export function tell(where) {
  console.log(`${where}: isMainProcess ${isMainProcess}, isMainModule ${isMainModule}`);
}

if (isMainModule) {
  tell('main');
  const child = await new Process({ method: process.argv[2], target: tell, args: ['child'] }).start();
  await child.result;
}
