/**
 * Pools side by side, in one run: `npm run bench:pool -- [--quick] [--rounds 5] [--records 1000000] [--only rates,single,map,memory]`.
 * All contestants take turns, so that what the machine does besides hits all alike.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { summarize } from '#dist/measure/stats';
import { describeEnvironment } from '#dist/measure/system/environment';
import { type Host, nodeHost, pythonHost } from './pool/host.js';
import type { MapAnswer, MapQuestion } from './pool/maps.js';
import type { MemoryAnswer, MemoryQuestion } from './pool/memory.js';
import { NOOP_POOLS, SINGLE_POOLS } from './pool/pools.js';
import { writePython } from './pool/python.js';
import type { RateQuestion } from './pool/rates.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    records: { type: 'string' },
    heap: { type: 'string' },
    only: { type: 'string', default: 'rates,single,map,memory' },
  },
});
const { quick } = values;
const ROUNDS = Number(values.rounds ?? (quick ? 3 : 7));
const RECORDS = Number(values.records ?? (quick ? 100_000 : 1_000_000));
const HEAP = Number(values.heap ?? (quick ? 100 : 500)) * 1e6;
const MICROS = 20;
const environment = describeEnvironment();
const folder = mkdtempSync(join(tmpdir(), 'zygote-bench-'));
const python = environment.python === undefined ? undefined : writePython(folder);

const PARTS: Record<string, () => Promise<void>> = { rates, single, map: maps, memory };

try {
  const { node, v8, os, kernel, cpu, cpus } = environment;
  console.log(`Node ${node} (V8 ${v8}), ${environment.python ?? 'no Python 3'}, ${os} ${kernel}, ${cpus} × ${cpu}`);
  const peers = ['piscina', 'tinypool', 'workerpool'].map((name) => `${name} ${versionOf(name)}`);
  console.log(`${peers.join(', ')}; load ${environment.load.toFixed(1)}; medians of ${ROUNDS} rounds`);
  for (const part of values.only.split(',')) await PARTS[part]?.();
  console.log(`\nload at the end: ${loadavg()[0]?.toFixed(1)}`);
} finally {
  rmSync(folder, { recursive: true });
}

async function rates(): Promise<void> {
  const hosts = new Map<string, Host>();
  for (const name of Object.keys(NOOP_POOLS)) hosts.set(name, await nodeHost('rates', name));
  if (python) {
    hosts.set('Python Pool', await pythonHost(python, 'rates', 'pool'));
    hosts.set('Python ProcessPoolExecutor', await pythonHost(python, 'rates', 'executor'));
  }
  for (const inFlight of [1, 64, 1024]) {
    const question: RateQuestion = { inFlight, ms: quick ? 100 : 300 };
    await table(`tasks that do nothing, a second, 2 workers, ${inFlight} in flight`, hosts, question, Math.round);
  }
  await endAll(hosts);
}

async function single(): Promise<void> {
  const hosts = new Map<string, Host>();
  for (const name of Object.keys(SINGLE_POOLS)) hosts.set(name, await nodeHost('rates', name));
  if (python) hosts.set('Python Pool, maxtasksperchild=1', await pythonHost(python, 'single', 'pool'));
  for (const inFlight of [1, 8]) {
    const question: RateQuestion = { inFlight, ms: quick ? 200 : 500 };
    const title = `a process for each task: tasks a second, 2 at a time, ${inFlight} in flight`;
    await table(title, hosts, question, (rate) => `${rate.toFixed(1)}  (${(1000 / rate).toFixed(1)} ms each)`);
  }
  await endAll(hosts);
}

/** The ratios are to the loop of the same language. */
async function maps(): Promise<void> {
  const groups: { ways: string[]; host: (way: string) => Promise<Host> }[] = [
    {
      ways: ['alone', 'forkMap', 'forkMap, into', 'piscina', 'worker_threads'],
      host: (way) => nodeHost('maps', way, String(RECORDS), String(MICROS)),
    },
  ];
  if (python) {
    const host = (way: string) => pythonHost(python, 'maps', way, String(RECORDS), String(MICROS));
    groups.push({ ways: ['alone', 'pool', 'executor'], host });
  }
  for (const [group, { ways, host }] of groups.entries()) {
    const language = group === 0 ? 'Node' : 'Python';
    const all = new Map<string, number[]>();
    let rounds = 0;
    const checksums = new Set<number>();
    // One after the other: each holds all the data.
    for (const way of ways) {
      const running = await host(way);
      if (way === 'alone') ({ rounds } = running.greeting as { rounds: number });
      const question: MapQuestion = { rounds };
      const times: number[] = [];
      for (let round = 0; round < Math.min(3, ROUNDS); round++) {
        const { took, checksum } = await running.ask<MapAnswer>(question);
        checksums.add(checksum);
        times.push(took);
      }
      all.set(way, times);
      await running.end();
    }
    console.log(`\na map over ${RECORDS.toLocaleString('en')} records of ${MICROS} µs each, 2 workers, ${language}; s`);
    if (checksums.size !== 1) throw new Error(`different results: ${[...checksums].join(', ')}`);
    const alone = summarize(all.get('alone') ?? []).median;
    for (const [way, times] of all) {
      const { median } = summarize(times);
      row(way, (median / 1000).toFixed(2), `${(alone / median).toFixed(2)} times as fast as alone`);
    }
  }
}

async function memory(): Promise<void> {
  const hosts = new Map<string, Host>([
    ['zygote fork', await nodeHost('memory', 'zygote fork', String(HEAP))],
    ['worker_threads, a copy each', await nodeHost('memory', 'worker_threads', String(HEAP))],
  ]);
  if (python) hosts.set('Python Pool, fork', await pythonHost(python, 'memory', 'pool', String(HEAP)));
  for (const workers of [2, 4]) {
    console.log(
      `\nmemory of a process of ${HEAP / 1e6} MB and ${workers} workers that have read all of it; sum of the PSS, MB`,
    );
    for (const [name, host] of hosts) {
      const question: MemoryQuestion = { workers };
      const { alone, together } = await host.ask<MemoryAnswer>(question);
      row(
        name,
        (together / 1e6).toFixed(0),
        `${(together / alone).toFixed(2)} times the ${(alone / 1e6).toFixed(0)} MB without them`,
      );
    }
  }
  await endAll(hosts);
}

async function table(
  title: string,
  hosts: Map<string, Host>,
  question: RateQuestion,
  print: (value: number) => string | number,
): Promise<void> {
  const results = new Map<string, number[]>();
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, host] of hosts) {
      const value = await host.ask<number>(question);
      // The first one warms up.
      if (round >= 0) results.set(name, [...(results.get(name) ?? []), value]);
    }
  }
  const medians = new Map([...results].map(([name, list]) => [name, summarize(list).median]));
  const most = Math.max(...medians.values());
  console.log(`\n${title}`);
  for (const [name, median] of medians) row(name, String(print(median)), `${(median / most).toFixed(2)} of the best`);
}

function row(name: string, value: string, note: string): void {
  console.log(`${name.padEnd(38)}${value.padStart(10)}   ${note}`);
}

async function endAll(hosts: Map<string, Host>): Promise<void> {
  await Promise.all([...hosts.values()].map((host) => host.end()));
}

function versionOf(name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
