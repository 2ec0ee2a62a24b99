/**
 * What it takes to start a process that does nothing, from the start to its result, beside `child_process.fork` and Python's
 * multiprocessing in the same run: `npm run bench:start -- [rounds]`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getAllStartMethods, type StartMethod } from 'zygote';
import { spread, summarize, type Summary } from '#dist/measure/stats';
import { writeModules } from './start/modules.js';
import { Python, pythonVersion } from './start/python.js';

const ROUNDS = Number(process.argv[2] ?? 50);
const WARM_UP = 5;
const MODULES = 200;
const DRIVER = fileURLToPath(new URL('start/driver.js', import.meta.url));
const PEER = fileURLToPath(new URL('start/peer.js', import.meta.url));

// What makes Node's own start slower would favour what does not start Node.
for (const name of ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_V8_COVERAGE']) delete process.env[name];

interface Contestant {
  name: string;
  /** One start, in milliseconds. */
  measure(): Promise<number>;
  end(): void;
}

/** To its first message, which is what a result is elsewhere. */
function peer(): Contestant {
  const measure = async () => {
    const from = performance.now();
    const child = fork(PEER);
    await once(child, 'message');
    const took = performance.now() - from;
    await once(child, 'exit');
    return took;
  };
  return { name: 'child_process.fork', measure, end: () => {} };
}

async function zygote(name: string, method: StartMethod, preload: string[] = []): Promise<Contestant> {
  const driver: ChildProcess = fork(DRIVER, [method, ...preload]);
  await once(driver, 'message');
  const measure = async () => {
    driver.send('measure');
    const [took] = (await once(driver, 'message')) as [number];
    return took;
  };
  return { name: `zygote ${name}`, measure, end: () => driver.disconnect() };
}

function python(method: 'fork' | 'forkserver' | 'spawn', folder: string): Contestant {
  const driver = new Python(method, folder);
  return { name: `Python ${method}`, measure: () => driver.measure(), end: () => driver[Symbol.dispose]() };
}

async function contestants(folder: string): Promise<Contestant[]> {
  const modules = writeModules(join(folder, 'modules'), MODULES);
  const methods = await Promise.all(getAllStartMethods().map((method) => zygote(method, method)));
  const loaded = getAllStartMethods().includes('forkserver')
    ? [await zygote(`forkserver, ${MODULES} modules preloaded`, 'forkserver', modules)]
    : [];
  const pythons =
    pythonVersion() === undefined
      ? []
      : (['fork', 'forkserver', 'spawn'] as const).map((method) => python(method, folder));
  return [peer(), ...methods, ...loaded, ...pythons];
}

const folder = mkdtempSync(join(tmpdir(), 'zygote-bench-'));
try {
  console.log(
    `Node ${process.version}, ${pythonVersion() ?? 'no Python 3'}; start to result of a no-op, ${ROUNDS} rounds\n`,
  );
  const all = await contestants(folder);
  const times = all.map(() => [] as number[]);
  // All take turns, so that what the machine does besides hits all alike.
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [index, { measure }] of all.entries()) {
      const took = await measure();
      if (round >= 0) times[index]?.push(took);
    }
  }
  const medians = times.map((list) => summarize(list));
  const reference = medians[0]?.median ?? 1;
  for (const [index, { name, end }] of all.entries()) {
    const summary = medians[index] as Summary;
    const ratio = (summary.median / reference).toFixed(3);
    console.log(
      `${name.padEnd(42)}${summary.median.toFixed(2).padStart(8)} ms ±${spread(summary).toFixed(2).padEnd(6)} ${ratio} x`,
    );
    end();
  }
} finally {
  rmSync(folder, { recursive: true });
}
