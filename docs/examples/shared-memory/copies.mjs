// Data that every process reads, and one overwrites for itself.
import { isMainProcess, Process, SharedMemory, setStartMethod } from 'zygote';

export function sum(memory, first) {
  const numbers = memory.view(Float64Array);
  if (first !== undefined) numbers[0] = first;
  return numbers.reduce((total, number) => total + number);
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const memory = SharedMemory.from(Float64Array.of(1, 2, 3), { mode: 'copy-on-write' });
  const changing = await new Process({ target: sum, args: [memory, 100] }).start();
  console.log(await changing.result);
  const reading = await new Process({ target: sum, args: [memory] }).start();
  console.log(await reading.result);
}
