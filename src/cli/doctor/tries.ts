/** Tries each start method once. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Process } from '../../process/process.js';
import { forkserver } from '../../start/forkserver.js';
import type { StartMethod } from '../../start/method.js';
import { programUrl } from '../../start/program.js';
import { type ForkStrategy, obstacle, SINGLE_THREADED_FLAGS } from '../../start/strategy.js';
import { answer } from './target.js';

/** What came of a try. */
export type Finding =
  | { status: 'works'; milliseconds: number; note?: string }
  | { status: 'unavailable'; reason: string }
  | { status: 'fails'; reason: string };

/** Longest time for one try. */
const PATIENCE = 30_000; // ms

/** Starts a process that returns a number. */
export async function tryMethod(method: StartMethod): Promise<Finding> {
  if (process.platform === 'win32' && method !== 'spawn')
    return { status: 'unavailable', reason: 'Windows has no fork' };
  if (method === 'fork') {
    const reason = obstacle('all-threads') !== undefined && obstacle('single-threaded');
    if (reason) return { status: 'unavailable', reason };
  }
  if (method !== 'forkserver') return found(() => run({ method }));
  let up = 0;
  const finding = await found(async () => {
    up = await timed(() => forkserver.start());
    return run({ method });
  });
  return finding.status === 'works' ? { ...finding, note: `its server was up after ${up.toFixed(0)} ms` } : finding;
}

/** Forks by this strategy: in a process of its own where this one was not started for it. */
export async function tryStrategy(strategy: ForkStrategy): Promise<Finding> {
  const reason = obstacle(strategy);
  if (reason === undefined) return found(() => run({ method: 'fork', strategy }));
  if (strategy === 'all-threads' || process.platform === 'win32') return { status: 'unavailable', reason };
  return found(
    async () => {
      const child = fileURLToPath(programUrl('cli/doctor/single-threaded'));
      const { stdout } = await promisify(execFile)(process.execPath, [...SINGLE_THREADED_FLAGS, child], {
        timeout: PATIENCE,
      });
      return Number(stdout);
    },
    `in a process that is started with ${SINGLE_THREADED_FLAGS.join(' ')}; this one was not`,
  );
}

/** Start to result, in milliseconds. */
export async function run(options: { method: StartMethod; strategy?: ForkStrategy }): Promise<number> {
  await using child = new Process({ target: answer, name: 'doctor', daemon: true, ...options });
  return await timed(async () => {
    await child.start();
    const value = await Promise.race([child.result, tooLong()]);
    if (value !== 42) throw new Error(`the child returned ${String(value)} instead of 42`);
  });
}

async function found(work: () => Promise<number>, note?: string): Promise<Finding> {
  try {
    return { status: 'works', milliseconds: await work(), ...(note && { note }) };
  } catch (error) {
    return { status: 'fails', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no result within ${PATIENCE / 1000} s`)), PATIENCE).unref();
  });
}
