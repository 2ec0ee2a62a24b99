/** A Python process that has the data, and hands it to children of its own by multiprocessing. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChildReport } from '../child/steps.js';
import type { Payload } from '../payloads/payload.js';
import type { Cpu } from '../system/cpu.js';
import { CHILD, CHILD_MODULE, MAIN } from './source.js';

export type PythonMethod = 'fork' | 'forkserver' | 'spawn';

export type PythonAnswer =
  | { kind: 'ready'; checksum: number; wireBytes: number }
  | { kind: 'started'; id: number; pid: number; began: number; blocked: number }
  | { kind: 'usable'; id: number; cpu: Cpu; faults: number }
  | { kind: 'report'; id: number; report: Omit<ChildReport, 'checksum'> & { checksum: number } }
  | { kind: 'lost'; id: number; code: number }
  | { kind: 'ended'; id: number };

/** Version of the Python 3 that is at hand; nothing if there is none, or it is not one that can be measured. */
export function pythonVersion(): string | undefined {
  // Its memory is read from /proc.
  if (process.platform !== 'linux') return undefined;
  try {
    const text = execFileSync('python3', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /^Python (3\.\d+\.\d+)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

export class PythonDriver {
  readonly #process: ChildProcess;
  readonly #listeners = new Set<(answer: PythonAnswer | Error) => void>();
  #lost: Error | undefined;

  constructor(method: PythonMethod, { spec, scale }: Payload) {
    const folder = mkdtempSync(join(tmpdir(), 'zygote-measure-'));
    writeFileSync(join(folder, `${CHILD_MODULE}.py`), CHILD);
    const main = join(folder, 'main.py');
    writeFileSync(main, MAIN);
    this.#process = spawn('python3', [main, method, JSON.stringify(spec), String(scale)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    // It is ended by the end of its standard input, and so with this process.
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    this.#process.stdin?.on('error', () => {});
    this.#process.on('error', (error) => this.#tell(error));
    this.#process.on('exit', (code) => {
      this.#lost = new Error(`python3 ended with exit code ${code}`);
      this.#tell(this.#lost);
    });
    const lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => this.#tell(JSON.parse(line) as PythonAnswer));
  }

  send(command: { kind: 'start'; id: number; extent: string } | { kind: 'end'; id: number }): void {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Until `wanted` takes an answer, and gives something. Rejects if Python ends before. */
  async answer<Result>(wanted: (answer: PythonAnswer) => Result | undefined): Promise<Result> {
    if (this.#lost) throw this.#lost;
    return new Promise((resolve, reject) => {
      const listener = (answer: PythonAnswer | Error): void => {
        const result = answer instanceof Error ? undefined : wanted(answer);
        if (result === undefined && !(answer instanceof Error)) return;
        this.#listeners.delete(listener);
        if (answer instanceof Error) reject(answer);
        else resolve(result as Result);
      };
      this.#listeners.add(listener);
    });
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #tell(answer: PythonAnswer | Error): void {
    for (const listener of this.#listeners) listener(answer);
  }
}
