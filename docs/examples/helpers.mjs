// Do the functions that the target calls come along?
import { isMainProcess, Process } from 'zygote';
import { median } from './modules/median.mjs';

// Not exported.
function round(value) {
  return value.toFixed(1);
}

export function summary(values) {
  return `median ${round(median(values))}`;
}

if (isMainProcess) {
  const child = await new Process({ method: process.argv[2], target: summary, args: [[1, 9, 4, 3]] }).start();
  console.log(await child.result);
}
