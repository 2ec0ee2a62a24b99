import { Pool } from 'zygote';

const pool = new Pool({ processes: 1, method: 'fork' });
const cities = new Map([['Oslo', { country: () => 'Norway' }]]);

// Given before there is a worker: it is forked now, and has the function with all that this captures.
const country = (name) => cities.get(name)?.country();
console.log(await pool.run(country, 'Oslo'));

// The worker has the Map as it was then.
cities.set('Lima', { country: () => 'Peru' });
console.log(await pool.run(country, 'Lima'));

// A function that the worker does not have: another worker is forked, from this process as it is now.
console.log(await pool.run(() => cities.get('Lima').country()));
console.log(await pool.run(country, 'Lima'), 'from worker', pool.stats().started);

pool.close();
await pool.join();
