// Does the main process see what the child changes in a list?
import { isMainProcess, Process } from 'zygote';

const inModule = ['a'];

export function extend(argument) {
  inModule.push('b');
  argument.push('b');
  return { inModule, argument };
}

if (isMainProcess) {
  const argument = ['a'];
  const child = await new Process({ method: process.argv[2], target: extend, args: [argument] }).start();
  console.log('child:', JSON.stringify(await child.result));
  console.log('main: ', JSON.stringify({ inModule, argument }));
}
