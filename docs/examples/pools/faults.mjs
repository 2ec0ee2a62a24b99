import { Pool } from 'zygote';

const pool = new Pool({ processes: 2, method: 'fork' });
const told = (error) => `${error.name}: ${error.message.split(':')[0]}`;
const spin = () => {
  for (;;);
};

console.log(await pool.run(() => process.exit(3)).catch(told));
console.log(await pool.apply(spin, [], { taskTimeout: 100 }).catch(told));
console.log(await pool.apply(spin, [], { signal: AbortSignal.timeout(100) }).catch((error) => error.name));
console.log(await pool.run(() => new Promise(() => {})).catch(told));
console.log(await pool.run(() => ({ token: Symbol('secret') })).catch(told));
console.log(await pool.map((n) => n * n, [1, 2, 3]));

pool.close();
await pool.join();
