// Is a large list copied that the child only reads?
import { once } from 'node:events';
import { isMainProcess, parentProcess, Process } from 'zygote';

export async function total(articles) {
  let sum = 0;
  for (const { price } of articles) sum += price;
  const measured = once(parentProcess(), 'message');
  await parentProcess().send('read');
  await measured;
  return sum;
}

if (isMainProcess) {
  const before = process.memoryUsage().heapUsed;
  const articles = Array.from({ length: 100_000 }, (_, id) => ({ price: id % 10, sales: Array(40).fill(id) }));
  const size = process.memoryUsage().heapUsed - before; // about 40 MB

  const child = new Process({ method: process.argv[2], target: total, args: [articles], prepareHeap: true });
  await child.start();
  await once(child, 'message');
  const { privateClean, privateDirty } = await child.memory();
  await child.send('measured');
  console.log('sum:', await child.result);
  console.log('has a copy:', privateClean + privateDirty > size);
}
