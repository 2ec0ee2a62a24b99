import { forkMap } from 'zygote';

const index = new Map();
const records = Array.from({ length: 100_000 }, (_, id) => ({ id, group: id % 100, isOdd: () => id % 2 === 1 }));
for (const record of records) index.set(record.group, [...(index.get(record.group) ?? []), record.id].slice(-5));

// Neither the records nor the function could be serialized. They are inherited.
const odd = await forkMap(records, (record) => record.isOdd() && index.get(record.group).at(-1));
console.log(odd.length, odd.slice(0, 4));

// Numbers can come back without being sent: workers write them into memory that they share.
const sums = await forkMap(records, ({ group }) => index.get(group).reduce((a, b) => a + b), { into: Float64Array });
console.log(sums.constructor.name, sums[0], sums[99_999]);

try {
  await forkMap(records, ({ id }) => (id === 777 ? process.exit(3) : id));
} catch (error) {
  console.log(error.code, error.task, error.exitCode);
}
try {
  await forkMap(records, ({ id }) => (id === 4321 ? null.x : id));
} catch (error) {
  console.log(error.name, error.index);
}
