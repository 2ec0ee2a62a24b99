/** Python's multiprocessing, where Python 3 is at hand: a process that starts children when told to, and tells how long each took. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/** The target is in a module that the server has preloaded, as it is here. */
const TARGET = `def noop(connection):
    connection.send(None)
`;
const DRIVER = `import multiprocessing, sys, time, zygote_bench_target
if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    if sys.argv[1] == 'forkserver':
        context.set_forkserver_preload(['zygote_bench_target'])
    for line in sys.stdin:
        receiver, sender = context.Pipe(False)
        start = time.perf_counter()
        process = context.Process(target=zygote_bench_target.noop, args=(sender,))
        process.start()
        receiver.recv()
        took = time.perf_counter() - start
        process.join()
        receiver.close()
        sender.close()
        print(took * 1e3, flush=True)
`;

/** Version of the Python 3 that is at hand. */
export function pythonVersion(): string | undefined {
  const { stdout, status } = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

export class Python implements Disposable {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor(method: 'fork' | 'forkserver' | 'spawn', folder: string) {
    writeFileSync(join(folder, 'zygote_bench_target.py'), TARGET);
    const driver = join(folder, 'zygote_bench_driver.py');
    writeFileSync(driver, DRIVER);
    this.#process = spawn('python3', [driver, method], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  /** Start to result, in milliseconds. */
  async measure(): Promise<number> {
    this.#process.stdin?.write('\n');
    return Number(await new Promise<string>((resolve) => this.#waiting.push(resolve)));
  }

  [Symbol.dispose](): void {
    this.#process.stdin?.end();
    this.#lines.close();
  }
}
