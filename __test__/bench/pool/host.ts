/** Processes in which a benchmark has something measured. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '#dist/measure/system/environment';

/** Answers one question at a time. */
export interface Host {
  /** What it said when it was ready. */
  readonly greeting: unknown;
  ask<Answer>(question: object): Promise<Answer>;
  end(): Promise<void>;
}

/** Runs a module of this folder. */
export async function nodeHost(module: string, ...args: string[]): Promise<Host> {
  const path = fileURLToPath(new URL(`${module}.js`, import.meta.url));
  const child: ChildProcess = fork(path, args, { env: cleanEnvironment(), execArgv: ['--max-old-space-size=8192'] });
  const failed = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${[module, ...args].join(' ')} has ended: ${signal ?? code}`);
  });
  failed.catch(() => {});
  const answer = async () => ((await Promise.race([once(child, 'message'), failed])) as unknown[])[0];
  const greeting = await answer();
  return {
    greeting,
    ask: async <Answer>(question: object) => {
      child.send(question);
      return (await answer()) as Answer;
    },
    end: async () => {
      child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await failed.catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** Runs a Python program that reads questions and writes answers as lines of JSON. */
export async function pythonHost(path: string, ...args: string[]): Promise<Host> {
  const child = spawn('python3', [path, ...args], { env: cleanEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: Interface = createInterface({ input: child.stdout });
  const ended = once(child, 'exit');
  const failed = ended.then(() => {
    throw new Error(`${path} ${args.join(' ')} has ended`);
  });
  failed.catch(() => {});
  const answer = async () =>
    JSON.parse(String(((await Promise.race([once(lines, 'line'), failed])) as unknown[])[0])) as unknown;
  const greeting = await answer();
  return {
    greeting,
    ask: async <Answer>(question: object) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return (await answer()) as Answer;
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
