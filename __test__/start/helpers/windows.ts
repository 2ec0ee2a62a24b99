/** Runs a fixture as a program of its own where there are no process groups and no /proc. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Entry, Outcome, ProgramOptions, Running } from '../../helpers/program.js';
import { RECORDS, until } from '../../helpers/report.js';

/** After this time a program hangs. */
const HUNG = 100; // s

/** AVA starts all tests of a file at once. */
const MOST_AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Settles when the program and all that hold its output have ended. */
export async function runProgram(fixture: URL, options: ProgramOptions = {}): Promise<Outcome> {
  if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  const folder = mkdtempSync(join(tmpdir(), 'zygote-test-'));
  try {
    return await runIn(folder, fixture, options);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    running--;
    waiting.shift()?.();
  }
}

async function runIn(folder: string, fixture: URL, options: ProgramOptions): Promise<Outcome> {
  const { args = [], nodeArgs = [], env = {}, during, cwd } = options;
  const records = join(folder, 'records');
  const inherited = Object.entries(process.env).filter(([name]) => !/^(NODE_|FORCE_COLOR)/.test(name));
  const program = spawn(process.execPath, [...nodeArgs, fileURLToPath(fixture), ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), [RECORDS]: records, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
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
    stderr += `\nhung for ${HUNG} s\n`;
    execFile('taskkill', ['/pid', String(program.pid), '/t', '/f'], () => {
      program.stdout.destroy();
      program.stderr.destroy();
    });
  }, 1000);
  const hasExited = () => program.exitCode !== null || program.signalCode !== null;
  const run: Running = {
    program,
    hasExited,
    entries: () => entriesIn(records),
    reported: (name) => until(() => hasExited() || entriesIn(records).some(({ what }) => what === name)),
    exited: () => until(hasExited),
  };
  const [{ code, signal }] = await Promise.all([ended, during?.(run)]).finally(() => clearInterval(watchdog));
  const entries = entriesIn(records);
  const all = (name: string) => entries.filter(({ what }) => what === name);
  return {
    stdout,
    stderr,
    code,
    signal,
    entries,
    pid: program.pid ?? 0,
    values: <T>(name: string) => all(name).map(({ value }) => value as T),
    pids: (name) => all(name).map(({ pid }) => pid),
    value: <T>(name: string) => {
      const found = all(name);
      if (found.length === 1) return found[0]?.value as T;
      throw new Error(`"${name}" was reported ${found.length} times: ${JSON.stringify(entries)}\n${stdout}\n${stderr}`);
    },
  };
}

function entriesIn(file: string): Entry[] {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
}
