/** What fixtures tell the spec: lines in a file, so that it works whatever becomes of stdout. */
import { appendFileSync, existsSync, readFileSync, readlinkSync } from 'node:fs';

/** Environment variable with the file's path. */
export const RECORDS = 'ZYGOTE_TEST_RECORDS';

const file = process.env[RECORDS];

/** The process id as the system knows it. */
export function truePid(): number {
  return Number(readlinkSync('/proc/self'));
}

/** Reports something. Lines of several processes do not mix: they are appended whole. */
export function report(what: string, value: unknown = null): void {
  if (file) appendFileSync(file, `${JSON.stringify({ pid: truePid(), what, value })}\n`);
}

/** Whether any process of this program has reported this. */
export function isReported(what: string): boolean {
  if (!file || !existsSync(file)) return false;
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.some((line) => (JSON.parse(line) as { what: string }).what === what);
}

/** Waits until `condition` holds. Has no end of its own: whoever runs the program watches for hanging ones. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Is the process there, and not only as a zombie? */
export function isRunning(pid: number): boolean {
  return !['', 'Z', 'X'].includes(stateOf(pid));
}

/** The letter that the system has for the process's state; empty if there is none. */
export function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0] ?? '';
  } catch {
    return '';
  }
}

/** Runs the scenario that the program's first argument names. */
export async function runScenario(scenarios: Record<string, () => unknown>): Promise<void> {
  const name = process.argv[2] ?? '';
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`no scenario "${name}"`);
  await scenario();
}
