/** What children do: each kind needs something that a careless fork breaks. A kind that goes wrong throws. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { collectGarbage } from '#dist/memory/heap';
import { Worker } from 'node:worker_threads';
import { deflate } from 'node:zlib';
import { fork, waitpid } from 'zygote/posix';

/** (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
const ADD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1,
  7, 0, 32, 0, 32, 1, 106, 11,
];

/** The part of the global that is used: TypeScript has it only in its types for browsers. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    compile(bytes: Uint8Array): Promise<object>;
    instantiate(module: object): Promise<{ exports: unknown }>;
  };
};

export type Work = () => Promise<void>;

export const kinds: Record<string, Work> = {
  /** Ends at once. */
  async nothing() {},

  /** Major and minor collections, whose jobs run on V8's worker threads. */
  async collect() {
    for (let round = 0; round < 2; round++) {
      makeGarbage(30_000);
      collectGarbage();
    }
  },

  /** New code that becomes hot: compiled on V8's worker threads. */
  async compile() {
    assert.equal(hot(3_000_000 + (process.pid % 1000)), true);
  },

  async wasm() {
    const module = await WebAssembly.compile(new Uint8Array(ADD));
    const { exports } = await WebAssembly.instantiate(module);
    assert.equal((exports as { add(a: number, b: number): number }).add(2, 3), 5);
  },

  async files() {
    const folder = await mkdtemp(join(tmpdir(), 'zygote-stress-'));
    try {
      const names = Array.from({ length: 8 }, (_, index) => join(folder, String(index)));
      await Promise.all(names.map((name) => writeFile(name, name)));
      const read = await Promise.all(names.map((name) => readFile(name, 'utf8')));
      assert.deepEqual(read, names);
    } finally {
      await rm(folder, { recursive: true });
    }
  },

  async pool() {
    const [key, packed] = await Promise.all([
      promisify(pbkdf2)('secret', 'salt', 200, 32, 'sha256'),
      promisify(deflate)(Buffer.alloc(100_000)),
      lookup('localhost'),
    ]);
    assert.equal(key.length, 32);
    assert.ok(packed.length < 1000);
  },

  async timers() {
    await Promise.all(Array.from({ length: 20 }, (_, index) => sleep(index % 5)));
    await new Promise((resolve) => setImmediate(resolve));
  },

  async worker() {
    const worker = new Worker(
      "const { parentPort: p } = require('worker_threads'); p.once('message', (m) => p.postMessage(m + 1))",
      {
        eval: true,
      },
    );
    worker.postMessage(41);
    const [answer] = await once(worker, 'message');
    assert.equal(answer, 42);
    await worker.terminate();
  },

  async spawn() {
    const child = spawn('/bin/sh', ['-c', 'exit 3']);
    const [code] = await once(child, 'exit');
    assert.equal(code, 3);
    const { stdout } = await promisify(execFile)('/bin/echo', ['hello']);
    assert.equal(stdout, 'hello\n');
  },

  async http() {
    const server = createServer((_, response) => response.end(String(process.pid))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    assert.equal(await response.text(), String(process.pid));
    server.closeAllConnections();
    server.close();
  },

  async import() {
    const module = (await import(`data:text/javascript,export default ${process.pid}`)) as { default: number };
    assert.equal(module.default, process.pid);
  },

  async signal() {
    // Listening for a signal keeps no process alive.
    const alive = setInterval(() => {}, 1000);
    const received = once(process, 'SIGUSR2');
    process.kill(process.pid, 'SIGUSR2');
    await received;
    clearInterval(alive);
  },

  /** A fork of the fork, which itself collects and compiles. */
  async fork() {
    const pid = fork();
    if (pid === 0) {
      makeGarbage(20_000);
      collectGarbage();
      hot(1_000_000 + (process.pid % 1000));
      process.exit(5);
    }
    assert.deepEqual(await waitpid(pid), { exitCode: 5, signalCode: null });
  },
};

export function makeGarbage(count: number): void {
  const kept: object[] = [];
  for (let index = 0; index < count; index++) {
    const value = { index, text: `value ${index}` };
    if (index % 10 === 0) kept.push(value);
  }
  assert.equal(kept.length, Math.ceil(count / 10));
}

/** Runs code that nobody has compiled before; true if it computes what it should. */
export function hot(rounds: number): boolean {
  const body = `let a = 1, b = ${rounds % 97}; for (let i = 0; i < n; i++) { a = (a * 31 + b) | 0; b = (b ^ a) | 0; } return a;`;
  // oxlint-disable-next-line typescript/no-implied-eval -- new code is what this is about
  const compute = new Function('n', body) as (n: number) => number;
  return compute(rounds) === compute(rounds);
}
