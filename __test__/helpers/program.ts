/** Runs a fixture as a program of its own, and tells all that came of it and of the processes that it has forked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ForkStrategy } from 'zygote';
import { RECORDS, until } from './report.js';

/** What a process has reported by `report`. */
export interface Entry {
  pid: number;
  what: string;
  value: unknown;
}

export interface Outcome {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  entries: Entry[];
  pid: number;
  /** The only value that was reported under this name. */
  value<T>(what: string): T;
  /** All values that were reported under this name. */
  values<T>(what: string): T[];
  /** Who has reported under this name. */
  pids(what: string): number[];
}

export interface ProgramOptions {
  args?: string[];
  nodeArgs?: string[];
  env?: Record<string, string>;
  strategy?: ForkStrategy;
  /** Program and arguments that start node. */
  wrapper?: string[];
  /** Called when it runs; has to end its input. */
  during?: (running: Running) => Promise<unknown>;
  cwd?: string;
}

/** A program that runs. */
export interface Running {
  program: ChildProcess;
  entries(): Entry[];
  /** Waits until this was reported, or the program has ended. */
  reported(what: string): Promise<void>;
  /** Waits until the program itself has ended, though processes that it has started may go on. */
  exited(): Promise<void>;
  hasExited(): boolean;
}

/** The flags without which a process cannot be forked `single-threaded`. */
export const SINGLE_THREADED: readonly string[] = ['--single-threaded', '--v8-pool-size=0'];

/** After this time a program hangs: what its processes are doing is shown, and they are ended. */
const HUNG = process.env['QEMU_LD_PREFIX'] === undefined ? 60 : 600; // s; qemu takes some ten times as long

/** AVA starts all tests of a file at once. */
const MOST_AT_ONCE = Math.max(2, availableParallelism());
let running = 0;
const waiting: (() => void)[] = [];

/** Runs `fixture` (a URL beside the spec). Settles when it and all that hold its output have ended. */
export async function runProgram(fixture: URL, options: ProgramOptions = {}): Promise<Outcome> {
  if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  const folder = mkdtempSync(join(tmpdir(), 'zygote-test-'));
  // A program may run as another user.
  chmodSync(folder, 0o777);
  try {
    return await runIn(folder, fixture, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    running--;
    waiting.shift()?.();
  }
}

async function runIn(folder: string, fixture: URL, options: ProgramOptions): Promise<Outcome> {
  const { args = [], nodeArgs = [], env = {}, strategy, wrapper = [], during, cwd } = options;
  const records = join(folder, 'records');
  const flags = strategy === 'single-threaded' ? [...SINGLE_THREADED, ...nodeArgs] : nodeArgs;
  const [command = '', ...rest] = [...wrapper, process.execPath, ...flags, fileURLToPath(fixture), ...args];
  const program = spawn(command, rest, {
    cwd,
    env: { ...cleanEnvironment(), ...(strategy && { ZYGOTE_FORK_STRATEGY: strategy }), [RECORDS]: records, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own, by which all that it starts is found.
    detached: true,
  });
  const pid = program.pid ?? 0;
  let stdout = '';
  let stderr = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  program.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    program.on('error', reject);
    program.on('close', (code, signal) => resolve({ code, signal }));
  });
  if (!during) program.stdin.end();
  // Counted, so that a machine that was suspended meanwhile does not make it look like a long time.
  let seconds = 0;
  const watchdog = setInterval(() => {
    if (++seconds !== HUNG) return;
    stderr += describeGroup(pid);
    endGroup(pid);
  }, 1000);
  const hasExited = () => program.exitCode !== null || program.signalCode !== null;
  const isReported = (name: string) => readEntries(records).some(({ what }) => what === name);
  const running: Running = {
    program,
    hasExited,
    entries: () => readEntries(records),
    reported: (what) => until(() => hasExited() || isReported(what)),
    exited: () => until(hasExited),
  };
  const [{ code, signal }] = await Promise.all([ended, during?.(running)]).finally(() => clearInterval(watchdog));
  endGroup(pid);
  const entries = readEntries(records);
  const all = (what: string) => entries.filter((entry) => entry.what === what);
  const outcome: Outcome = {
    stdout,
    stderr,
    code,
    signal,
    entries,
    pid,
    values: <T>(what: string) => all(what).map(({ value }) => value as T),
    pids: (what) => all(what).map((entry) => entry.pid),
    value: <T>(what: string) => {
      const found = all(what);
      if (found.length === 1) return found[0]?.value as T;
      throw new Error(`"${what}" was reported ${found.length} times.\n${describeOutcome(outcome)}`);
    },
  };
  return outcome;
}

/** For messages of assertions. */
export function describeOutcome({ stdout, stderr, code, signal, entries }: Outcome): string {
  const lines = entries.map((entry) => JSON.stringify(entry)).join('\n');
  return `exit code ${code}, signal ${signal}\nreports:\n${lines}\nstdout:\n${stdout}\nstderr:\n${stderr}`;
}

/** Without what a test runner puts there, and what makes Node print warnings. */
function cleanEnvironment(): Record<string, string | undefined> {
  const names = ['NODE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_V8_COVERAGE', 'NODE_EXTRA_CA_CERTS', 'FORCE_COLOR'];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.includes(name)));
}

function readEntries(file: string): Entry[] {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  // The last piece is empty, or a line that is being written.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
}

function group(leader: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && groupOf(pid) === leader);
}

function groupOf(pid: number): number {
  // `pid (name) state parent group …`; the name may contain anything.
  return Number(read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[2]);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Ends what a failed program has left behind. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

function describeGroup(leader: number): string {
  const lines = [`\nhung for ${HUNG} s:\n`];
  for (const pid of group(leader)) {
    lines.push(`${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}\n`);
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const file = (name: string) => read(`/proc/${pid}/task/${thread}/${name}`);
      lines.push(`  ${thread} ${file('comm')}: ${file('wchan')}, call ${file('syscall')}\n`);
    }
  }
  return lines.join('');
}
