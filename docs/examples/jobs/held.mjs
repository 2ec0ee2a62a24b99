import { getPool } from 'zygote';

const pool = getPool('parsers', { processes: 2 });
console.log(getPool('parsers') === pool);
try {
  getPool('parsers', { processes: 4 });
} catch (error) {
  console.log(error.code);
}
await pool.clear();
console.log(getPool('parsers', { processes: 4 }) === pool);
