// Can the target be a closure?
import { isMainProcess, Process } from 'zygote';
import { show } from './modules/show.mjs';

export function count(lines, word) {
  return lines.filter((line) => line.includes(word)).length;
}

if (isMainProcess) {
  const method = process.argv[2];
  const lines = ['a fork', 'a knife', 'another fork'];
  await show('closure', new Process({ method, target: () => count(lines, 'fork') }));
  await show('with arguments', new Process({ method, target: count, args: [lines, 'fork'] }));
}
