/** The same by Python's multiprocessing, where Python 3 is at hand: it measures itself, when it is told to. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Contestant } from './contestants.js';

const DRIVER = `import multiprocessing, sys, time

def serve(receive, send):
    while True:
        order = receive()
        if order is None:
            return
        what, count = order
        for _ in range(count):
            message = receive()
            if what == 'echo':
                send(message)
        if what == 'drain':
            send(None)

def take_turns(ours, theirs, count):
    for _ in range(count):
        ours.acquire()
        theirs.release()

def main(kind):
    context = multiprocessing.get_context('fork')
    if kind == 'Lock':
        lock = context.Lock()
        for line in sys.stdin:
            count = int(line)
            start = time.perf_counter()
            for _ in range(count):
                lock.acquire()
                lock.release()
            alone = (time.perf_counter() - start) / count
            ours, theirs = context.Semaphore(0), context.Semaphore(0)
            process = context.Process(target=take_turns, args=(theirs, ours, count))
            process.start()
            theirs.release()
            ours.acquire()
            start = time.perf_counter()
            for _ in range(count - 1):
                theirs.release()
                ours.acquire()
            turns = (time.perf_counter() - start) / (count - 1) / 2
            process.join()
            print(alone * 1e6, turns * 1e6, flush=True)
        return
    if kind == 'Pipe':
        ours, theirs = context.Pipe()
        send, receive, other = ours.send, ours.recv, (theirs.recv, theirs.send)
    else:
        to, back = context.Queue(), context.Queue()
        send, receive, other = to.put, back.get, (to.get, back.put)
    process = context.Process(target=serve, args=other, daemon=True)
    process.start()
    for line in sys.stdin:
        what, size, count = line.split()
        message, count = b'x' * int(size), int(count)
        send((what, count))
        if what == 'echo':
            times = []
            for _ in range(count):
                start = time.perf_counter()
                send(message)
                receive()
                times.append((time.perf_counter() - start) * 1e6)
            print(*times, flush=True)
        else:
            start = time.perf_counter()
            for _ in range(count):
                send(message)
            receive()
            print(count / (time.perf_counter() - start), flush=True)
    send(None)

main(sys.argv[1])
`;

/** A driver that answers each line with a line of numbers. */
export class Driver implements Disposable {
  readonly #process;
  readonly #lines;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor(kind: 'Pipe' | 'Queue' | 'Lock') {
    this.#process = spawn('python3', ['-c', DRIVER, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  async ask(question: string): Promise<number[]> {
    this.#process.stdin.write(`${question}\n`);
    const answer = await new Promise<string>((resolve) => this.#waiting.push(resolve));
    return answer.split(' ').map(Number);
  }

  [Symbol.dispose](): void {
    this.#process.stdin.end();
    this.#lines.close();
  }
}

export function python(kind: 'Pipe' | 'Queue'): Contestant {
  const driver = new Driver(kind);
  return {
    roundTrips: (bytes, count) => driver.ask(`echo ${bytes} ${count}`),
    throughput: async (bytes, count) => (await driver.ask(`drain ${bytes} ${count}`))[0] ?? Number.NaN,
    end: () => driver[Symbol.dispose](),
  };
}
