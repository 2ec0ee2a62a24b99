// Waiting until another process has changed something.
import { isMainProcess, Process, SharedMemory, setStartMethod } from 'zygote';

export async function answer(memory) {
  const state = memory.view(Int32Array);
  while (state[0] === 0) await memory.wait(state, 0, 0);
  console.log('asked');
  Atomics.store(state, 0, 2);
  memory.notify(state, 0);
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const memory = new SharedMemory({ size: 4 });
  const child = await new Process({ target: answer, args: [memory] }).start();
  const state = memory.view(Int32Array);
  Atomics.store(state, 0, 1);
  memory.notify(state, 0);
  while (state[0] === 1) await memory.wait(state, 0, 1);
  await child.result;
  console.log('answered');
}
