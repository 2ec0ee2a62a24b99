/** The socket between a process and its forkserver. */
import test from 'ava';
import { getAllStartMethods } from 'zygote';
import { native } from '#dist/native/binding';
import { Control } from '#dist/start/forkserver/control';

const onUnix = getAllStartMethods().includes('forkserver') ? test : test.skip;

onUnix('nothing is written to a descriptor that has become another one', async (t) => {
  const [ours, theirs] = native().socketPair();
  let others: number[] = [];
  const control = await new Promise<Control<unknown>>((resolve) => {
    const made: Control<unknown> = new Control(
      ours,
      () => {},
      () => {
        // At once: the lowest numbers that are free.
        others = native().socketPair();
        resolve(made);
      },
    );
    native().closeDescriptor(theirs);
  });
  t.true(others.includes(ours));
  for (const descriptors of [[], others]) {
    t.throws(() => control.send({ kind: 'stop' }, descriptors), { message: /Broken pipe/ });
  }
  for (const fd of others) t.is(native().receiveMessage(fd), null);
  for (const fd of others) native().closeDescriptor(fd);
});
