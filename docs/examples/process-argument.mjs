// Can a Process be an argument?
import { isMainProcess, Process } from 'zygote';
import { show } from './modules/show.mjs';

export function rest() {
  return new Promise((resolve) => setTimeout(resolve, 60_000));
}

export function join(other) {
  return other.join();
}

export function runs(pid) {
  return process.kill(pid, 0);
}

if (isMainProcess) {
  const method = process.argv[2];
  const other = await new Process({ method, target: rest }).start();
  await show('the process', new Process({ method, target: join, args: [other] }));
  await show('its number', new Process({ method, target: runs, args: [other.pid] }));
  other.terminate();
}
