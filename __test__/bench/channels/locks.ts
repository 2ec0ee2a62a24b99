/** What a lock costs that nobody else wants, and what it takes until who waits for a semaphore in another process goes on. */
import { Lock, Process, Semaphore } from 'zygote';
import { takeTurns } from './served.js';

const TURNS = 2000;

/** Microseconds: acquire and release, without and with the event loop; one hand-over. */
export async function locks(count: number): Promise<[sync: number, async: number, turns: number]> {
  const lock = new Lock();
  const each = (from: number, times: number): number => ((performance.now() - from) * 1000) / times;
  let from = performance.now();
  for (let i = 0; i < count; i++) lock.acquireSync()?.release();
  const sync = each(from, count);
  from = performance.now();
  for (let i = 0; i < count; i++) (await lock.acquire())?.release();
  const async = each(from, count);
  const [ours, theirs] = [new Semaphore(0), new Semaphore(0)];
  const child = await new Process({ target: takeTurns, args: [theirs, ours, TURNS], method: 'spawn' }).start();
  theirs.release();
  await ours.acquire();
  from = performance.now();
  for (let i = 1; i < TURNS; i++) {
    theirs.release();
    await ours.acquire();
  }
  const turns = each(from, TURNS - 1) / 2;
  await child.result;
  return [sync, async, turns];
}
