/** Starts the process that measures one payload, and waits for what it finds. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ZygoteError } from '../../errors.js';
import type { ContestantName, MeasuredPayload } from '../measurement.js';
import { cleanEnvironment } from '../system/environment.js';
import { PIPE, type BenchEvent, type BenchTask } from './protocol.js';

const ENTRY = fileURLToPath(new URL('main.js', import.meta.url));
/** A turn ends by itself after its timeout. If not even that happens in this time, then the process itself hangs. */
const PATIENCE = 60_000;

export interface BenchOptions {
  signal: AbortSignal | undefined;
  onTurn: (contestant: ContestantName, round: number) => void;
}

export async function runBench(task: BenchTask, { signal, onTurn }: BenchOptions): Promise<MeasuredPayload> {
  signal?.throwIfAborted();
  // What it and its children print goes to stderr: stdout may be JSON for another program.
  const child = spawn(process.execPath, [ENTRY, JSON.stringify(task)], {
    env: cleanEnvironment(),
    stdio: ['ignore', 2, 2, 'pipe'],
  });
  const watchdog = new Watchdog(child, task.timeout + PATIENCE);
  const stop = (): boolean => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop);
  try {
    const [ending, last] = await Promise.all([
      endOf(child),
      lastEvent(child, (contestant, round) => {
        watchdog.restart(`${contestant}, round ${round}`);
        onTurn(contestant, round);
      }),
    ]);
    signal?.throwIfAborted();
    if (last?.kind === 'done') return last.payload;
    if (last?.kind === 'error') throw new ZygoteError(last.code, last.message);
    throw new ZygoteError('ERR_ZYGOTE_MEASURE_FAILED', `the measuring process ${watchdog.bite ?? ending}`);
  } finally {
    watchdog.stop();
    signal?.removeEventListener('abort', stop);
  }
}

/** Ends a process that gives no sign of life. */
class Watchdog {
  /** What it has done, if it had to. */
  bite: string | undefined;
  readonly #child: ChildProcess;
  readonly #patience: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, patience: number) {
    this.#child = child;
    this.#patience = patience;
  }

  restart(doing: string): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.bite = `hung in ${doing} and was ended after ${this.#patience / 1000} s`;
      this.#child.kill('SIGKILL');
    }, this.#patience);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Reads until the other end is closed. */
async function lastEvent(child: ChildProcess, onTurn: BenchOptions['onTurn']): Promise<BenchEvent | undefined> {
  let last: BenchEvent | undefined;
  for await (const line of createInterface({ input: child.stdio[PIPE] as Readable })) {
    last = JSON.parse(line) as BenchEvent;
    if (last.kind === 'turn') onTurn(last.contestant, last.round);
  }
  return last;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      resolve(signal === null ? `ended with exit code ${code} before it was done` : `was ended by ${signal}`);
    });
  });
}
