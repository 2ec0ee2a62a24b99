// What is left of an error that the child throws?
import { isMainProcess, Process } from 'zygote';

export class OrderError extends Error {
  constructor(order, options) {
    super(`order ${order} failed`, options);
    this.order = order;
  }
}

export function ship() {
  throw new OrderError(17, { cause: new RangeError('none in stock') });
}

if (isMainProcess) {
  const child = await new Process({ method: process.argv[2], target: ship }).start();
  try {
    await child.result;
  } catch (error) {
    console.log(`an OrderError: ${error instanceof OrderError}, ${error.message}, order ${error.order}`);
    console.log(`cause: ${error.cause}`);
    console.log(`thrown at: ${error.stack.match(/errors\.mjs:\d+/)[0]}`);
  }
  console.log(`exit code: ${(await child.join()).exitCode}`);
}
