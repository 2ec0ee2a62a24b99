/** The process that forks. Tells `main.ts` of its progress by its IPC channel. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Process } from 'zygote';
import { fork, waitpid } from 'zygote/posix';
import { describeThreads } from './inspect.js';
import { type Holdings, holdings } from './leaks.js';
import { startLoad } from './load.js';
import { readOptions, type StressOptions } from './options.js';
import { pick, seeded } from './random.js';
import { kinds } from './work.js';

/** What `run.ts` sends. */
export type Report =
  | { type: 'progress'; done: number }
  | { type: 'failure'; kind: string; how: string; what: string }
  | { type: 'end'; times: number[]; before: Holdings; after: Holdings };

const options = readOptions(process.argv.slice(2)) as StressOptions;
const random = seeded(options.seed);
const names = options.kinds.length > 0 ? options.kinds : Object.keys(kinds);
/** Milliseconds that fork() took in this process. */
const times: number[] = [];
const tell = (report: Report): void => void process.send?.(report);

const main = process.pid;
/** V8's young generation and libuv's pool grow to their size in the beginning: what is held is compared from here on. */
const WARM_UP = Math.max(1, Math.floor(options.forks / 4));
const stop = options.idle ? async () => {} : startLoad();
let next = 0;
let done = 0;
let before = holdings();

await Promise.all(Array.from({ length: options.parallel }, forkOneAfterTheOther));
await stop();
await sleep(100);
tell({ type: 'end', times, before, after: holdings() });
process.disconnect();

async function forkOneAfterTheOther(): Promise<void> {
  // A raw child is a copy of all of this too, and goes on with nothing but its own work.
  while (next < options.forks && process.pid === main) {
    next++;
    const kind = pick(names, random);
    const how = pick(options.how, random);
    const failure = await (how === 'raw' ? forkRaw(kind) : startProcess(kind));
    if (process.pid !== main) return;
    if (failure !== undefined) tell({ type: 'failure', kind, how, what: failure });
    if (++done === WARM_UP) before = holdings();
    tell({ type: 'progress', done });
  }
}

/** Undefined if all went well. */
async function forkRaw(kind: string): Promise<string | undefined> {
  const start = performance.now();
  let pid;
  try {
    pid = fork();
  } catch (error) {
    return `fork() threw ${String(error)}`;
  }
  if (pid === 0) {
    await runInChild(kind);
    process.exit(0);
  }
  times.push(performance.now() - start);
  const status = await watch(pid, waitpid(pid));
  if (typeof status === 'string') return status;
  return status.exitCode === 0 ? undefined : JSON.stringify(status);
}

async function startProcess(kind: string): Promise<string | undefined> {
  const child = new Process({ target: async () => (await runInChild(kind), process.pid), drainTimeout: 60_000 });
  try {
    await child.start();
    const ended = await watch(child.pid as number, child.join());
    if (typeof ended === 'string') return ended;
    const value = await child.result;
    return value === child.pid ? undefined : `returned ${value} instead of its pid ${child.pid}`;
  } catch (error) {
    return String(error);
  } finally {
    if (child.pid !== undefined && !child.isAlive) child.close();
  }
}

async function runInChild(kind: string): Promise<void> {
  try {
    const work = kinds[kind];
    if (!work) throw new Error(`there is no kind of work called "${kind}"`);
    await work();
  } catch (error) {
    process.stderr.write(`child ${process.pid}, ${kind}: ${(error as Error).stack}\n`);
    process.exit(9);
  }
}

/** The status, or what a hung child was doing. */
async function watch<T>(pid: number, ended: Promise<T>): Promise<T | string> {
  const stopWaiting = new AbortController();
  const late = sleep(options.deadline, 'late' as const, { signal: stopWaiting.signal, ref: false }).catch(
    () => 'late' as const,
  );
  const first = await Promise.race([ended, late]);
  stopWaiting.abort();
  if (first !== 'late') return first;
  const threads = describeThreads(pid);
  if (options.keep) return `hung: process ${pid} is left running\n${threads}`;
  process.kill(pid, 'SIGKILL');
  await ended.catch(() => {});
  return `hung\n${threads}`;
}
