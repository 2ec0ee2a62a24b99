import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { native } from '#dist/native/binding';

const MB = 1e6;

test('the memory of this process', (t) => {
  const memory = native().processMemory(process.pid);
  for (const [name, value] of Object.entries(memory)) t.true(Number.isSafeInteger(value) && value >= 0, name);
  t.true(memory.uss <= memory.pss && memory.pss <= memory.rss);
  t.is(memory.uss, memory.privateClean + memory.privateDirty);
  t.true(memory.rss > 10 * MB);
});

test('memory that is written is private and dirty', (t) => {
  const before = native().processMemory(process.pid);
  const block = Buffer.alloc(64 * MB, 1);
  const after = native().processMemory(process.pid);
  const grown = after.privateDirty - before.privateDirty;
  t.true(grown > 60 * MB && grown < 80 * MB, `${grown}`);
  // wine counts none, and qemu gives its programs a /proc/self/stat without them.
  const isEmulated = process.platform === 'win32' || process.env['QEMU_LD_PREFIX'] !== undefined;
  if (!isEmulated) t.true(after.minorFaults > before.minorFaults);
  t.is(block.length, 64 * MB);
});

test('a process that has ended is an error', async (t) => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  const { pid } = child;
  t.throws(() => native().processMemory(pid as number), {
    code: 'ERR_ZYGOTE_SYSTEM',
    message: `there is no process ${pid}: it has ended, or never was`,
  });
});
