// A lock around something that takes two steps, and a process that dies between them.
import { isMainProcess, Lock, Process, setStartMethod, SharedArray } from 'zygote';

export async function move(lock, accounts, dies) {
  const guard = await lock.acquire();
  try {
    accounts.array[0] -= 10;
    if (dies) process.kill(process.pid, 'SIGKILL');
    accounts.array[1] += 10;
  } finally {
    guard.release();
  }
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const lock = new Lock();
  const accounts = new SharedArray(Float64Array, [100, 0]);
  for (const dies of [false, true]) {
    const child = await new Process({ target: move, args: [lock, accounts, dies] }).start();
    await child.result.catch(({ signalCode }) => console.log(`ended by ${signalCode}`));
  }
  const guard = await lock.acquire();
  if (guard.abandoned) accounts.array[1] = 100 - accounts.array[0];
  console.log([...accounts.array], guard.abandoned);
  guard.release();
}
