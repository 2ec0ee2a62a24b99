// Is the target function serialized?
import { isMainProcess, Process, reference } from 'zygote';

export function shout(word) {
  return word.toUpperCase() + (shout.mark ?? '?');
}

if (isMainProcess) {
  shout.mark = '!'; // on the function of this process
  const { module, export: name } = reference(shout);
  console.log(`${name} of ${module}`);

  const child = await new Process({ method: process.argv[2], target: shout, args: ['hello'] }).start();
  console.log(await child.result);
}
