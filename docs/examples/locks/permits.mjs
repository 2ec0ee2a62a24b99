// No more than two at a time.
import { isMainProcess, Process, Semaphore, setStartMethod, SharedValue } from 'zygote';

export async function fetchOne(semaphore, inside, most) {
  const permit = await semaphore.acquire();
  const now = inside.add(1) + 1;
  if (now > most.value) most.value = now;
  await new Promise((resolve) => setTimeout(resolve, 20));
  inside.add(-1);
  permit.release();
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const semaphore = new Semaphore(2);
  const [inside, most] = [new SharedValue(Int32Array), new SharedValue(Int32Array)];
  const children = [1, 2, 3, 4].map(() => new Process({ target: fetchOne, args: [semaphore, inside, most] }).start());
  for (const child of await Promise.all(children)) await child.result;
  console.log(most.value <= 2, semaphore.value);
}
