import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { now } from '#dist/measure/system/clock';

const SAY = 'const [s, ns] = process.hrtime(); const now = s * 1e3 + ns / 1e6;';

test('a time taken in another process lies between two taken here', (t) => {
  const before = now();
  const there = Number(execFileSync(process.execPath, ['--eval', `${SAY} console.log(now)`], { encoding: 'utf8' }));
  const after = now();
  t.true(before < there && there < after, `${before} ${there} ${after}`);
});

test('a time taken in a thread does too', async (t) => {
  const before = now();
  const worker = new Worker(`${SAY} require('node:worker_threads').parentPort.postMessage(now)`, { eval: true });
  const [there] = (await once(worker, 'message')) as [number];
  const after = now();
  t.true(before < there && there < after, `${before} ${there} ${after}`);
});
