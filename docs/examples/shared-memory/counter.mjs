// Four processes count in the same memory.
import { isMainProcess, Process, SharedMemory, setStartMethod } from 'zygote';

export function count(memory, times) {
  const counters = memory.view(Int32Array);
  for (let turn = 0; turn < times; turn++) Atomics.add(counters, 0, 1);
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const memory = new SharedMemory({ size: 4 });
  const children = [1, 2, 3, 4].map(() => new Process({ target: count, args: [memory, 1000] }).start());
  for (const child of await Promise.all(children)) await child.result;
  console.log(memory.view(Int32Array)[0]);
}
