/**
 * Round trips and throughput of connections and queues, beside MessagePort, `child_process` and Python's multiprocessing, in the same
 * run; and what locks cost: `npm run bench:channels -- [rounds]`.
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainProcess } from 'zygote';
import { summarize } from '#dist/measure/stats';
import { CONTESTS } from './channels/contestants.js';
import { locks } from './channels/locks.js';
import { Driver } from './channels/python.js';
import { pythonVersion } from './start/python.js';

const HELP = `npm run bench:channels -- [rounds, default 7] [options]

  --only a,b    contestants whose name has one of these in it, and locks only if this is one of them
  --sizes a,b   only these of 64 B, 64 KiB, 8 MiB
  --help`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    sizes: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const ROUNDS = Number(positionals[0] ?? 7);
const ALL_SIZES = [
  { name: '64 B', bytes: 64, trips: 2000, messages: 20_000 },
  { name: '64 KiB', bytes: 65_536, trips: 300, messages: 2000 },
  { name: '8 MiB', bytes: 8 * 2 ** 20, trips: 8, messages: 16 },
];
const SIZES = ALL_SIZES.filter(({ name }) => options.sizes?.split(',').includes(name) ?? true);
const LOCKS = 20_000;

if (isMainProcess && options.help) console.log(HELP);
else if (isMainProcess) await main();

function isWanted(name: string): boolean {
  return options.only?.split(',').some((part) => name.includes(part)) ?? true;
}

async function main(): Promise<void> {
  const hasPython = pythonVersion() !== undefined;
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `Node ${process.version}, ${pythonVersion() ?? 'no Python 3'}, ${availableParallelism()} CPUs, load ${load}; medians of ${ROUNDS} rounds\n`,
  );
  const all = [];
  for (const { name, begin } of CONTESTS) {
    if (isWanted(name) && (hasPython || !name.startsWith('Python'))) all.push({ name, ...(await begin()) });
  }
  const trips = table(all);
  const rates = table(all);
  // The first round warms up. All take turns, so that what the machine does besides hits all alike.
  for (let round = -1; round < ROUNDS; round++) {
    for (const [row, { bytes, trips: count, messages }] of SIZES.entries()) {
      for (const [column, contestant] of all.entries()) {
        const trip = median(await contestant.roundTrips(bytes, count));
        const rate = await contestant.throughput(bytes, messages);
        if (round < 0) continue;
        trips[column]?.[row]?.push(trip);
        rates[column]?.[row]?.push(rate);
      }
    }
  }
  for (const { end } of all) await end();
  print('round trip, µs', all, trips);
  print('messages a second', all, rates);
  if (isWanted('locks')) await printLocks(hasPython);
}

function table(all: readonly unknown[]): number[][][] {
  return all.map(() => SIZES.map(() => []));
}

function print(title: string, all: readonly { name: string }[], values: number[][][]): void {
  console.log(title.padEnd(30) + SIZES.map(({ name }) => name.padStart(12)).join(''));
  for (const [column, { name }] of all.entries()) {
    const cells = (values[column] ?? []).map((list) => figure(median(list)).padStart(12));
    console.log(name.padEnd(30) + cells.join(''));
  }
  console.log();
}

async function printLocks(hasPython: boolean): Promise<void> {
  const ours = [];
  const theirs = [];
  using driver = hasPython ? new Driver('Lock') : undefined;
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await locks(LOCKS));
    if (driver) theirs.push(await driver.ask(String(LOCKS)));
  }
  const of = (list: number[][], index: number): string => figure(median(list.map((each) => each[index] ?? Number.NaN)));
  console.log('locks, µs');
  console.log(
    `zygote: acquire and release ${of(ours, 0)} (acquireSync), ${of(ours, 1)} (acquire); hand-over ${of(ours, 2)}`,
  );
  if (driver) console.log(`Python: acquire and release ${of(theirs, 0)}; hand-over ${of(theirs, 1)}`);
}

function median(values: readonly number[]): number {
  return summarize(values).median;
}

function figure(value: number): string {
  if (value >= 1000) return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  return value.toPrecision(3);
}
