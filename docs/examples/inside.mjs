// Can a child start children?
import { currentProcess, getStartMethod, isMainProcess, parentProcess, Process } from 'zygote';

export async function descend(generations) {
  console.log(`${currentProcess().name}, child of ${parentProcess().name}, by ${getStartMethod()}`);
  if (generations === 0) return;
  for (let i = 0; i < 2; i++) {
    const child = await new Process({ target: descend, args: [generations - 1] }).start();
    await child.result;
  }
}

if (isMainProcess) {
  const child = await new Process({ method: process.argv[2], target: descend, args: [1] }).start();
  await child.result;
}
