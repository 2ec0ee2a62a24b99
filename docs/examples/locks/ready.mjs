// All wait for the start, and then for each other.
import { Barrier, Event, isMainProcess, Process, setStartMethod } from 'zygote';

export async function run(start, finish) {
  await start.wait();
  return finish.wait();
}

if (isMainProcess) {
  setStartMethod(process.argv[2]);
  const [start, finish] = [new Event(), new Barrier(3)];
  const children = [1, 2, 3].map(() => new Process({ target: run, args: [start, finish] }).start());
  const running = await Promise.all(children);
  start.set();
  const places = await Promise.all(running.map((child) => child.result));
  console.log(places.toSorted());
}
