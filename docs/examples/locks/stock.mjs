// Waiting until what a lock protects has changed.
import { Condition, isMainProcess, Process, setStartMethod, SharedValue } from 'zygote';

export async function consume(condition, stock) {
  const guard = await condition.acquire();
  await condition.waitFor(() => stock.value >= 3);
  stock.value -= 3;
  guard.release();
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const [condition, stock] = [new Condition(), new SharedValue(Int32Array)];
  const child = await new Process({ target: consume, args: [condition, stock] }).start();
  for (let delivery = 0; delivery < 4; delivery++) {
    const guard = await condition.acquire();
    stock.value++;
    condition.notify();
    guard.release();
  }
  await child.result;
  console.log(stock.value);
}
