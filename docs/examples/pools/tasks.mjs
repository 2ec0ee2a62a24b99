import { isMainProcess, Pool } from 'zygote';

export function price({ amount, unit }) {
  if (amount < 0) throw new RangeError(`${amount} is no amount`);
  return amount * unit;
}

export function add(a, b) {
  return a + b;
}

if (isMainProcess) {
  const pool = new Pool({ processes: 2, method: 'spawn' });
  console.log(await pool.run(add, 1, 2));
  console.log(
    await pool.map(price, [
      { amount: 2, unit: 10 },
      { amount: 3, unit: 10 },
    ]),
  );
  console.log(
    await pool.starmap(add, [
      [1, 2],
      [3, 4],
    ]),
  );
  for await (const value of pool.imap(price, orders())) console.log(value);
  await pool.run(price, { amount: -1 }).catch((error) => console.log(error.name, error.message));
  pool.close();
  await pool.join();
}

/** Items may come in the course of time: no more of them are taken than there is work for. */
async function* orders() {
  for (const amount of [4, 5]) yield { amount, unit: 10 };
}
