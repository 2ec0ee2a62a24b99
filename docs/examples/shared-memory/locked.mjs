// More than one number at a time: with the lock.
import { isMainProcess, Process, SharedArray, SharedValue, setStartMethod } from 'zygote';

export async function move(accounts, done) {
  await accounts.withLock((array, guard) => {
    // A process that ends in here leaves its numbers as they are, and the next one is told.
    if (guard.abandoned) throw new Error('a move was not finished');
    array[0] -= 10;
    array[1] += 10;
  });
  done.add(1);
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const accounts = new SharedArray(Float64Array, [100, 0]);
  const done = new SharedValue(Int32Array);
  const children = [1, 2, 3].map(() => new Process({ target: move, args: [accounts, done] }).start());
  for (const child of await Promise.all(children)) await child.result;
  console.log([...accounts.array], done.value);
}
