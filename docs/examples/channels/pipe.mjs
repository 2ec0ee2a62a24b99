import { isMainProcess, Pipe, Process } from 'zygote';

export async function double(connection) {
  for await (const number of connection) await connection.send(2 * number);
}

if (isMainProcess) {
  const [ours, theirs] = Pipe();
  const child = await new Process({ target: double, args: [theirs] }).start();
  theirs.close(); // the child has it now
  await ours.send(21);
  console.log(await ours.recv()); // 42
  ours.close(); // ends the child's iteration
  await child.join();
}
