/** `child_process.fork`: a new Node process, and the data serialized over a socket. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import type { ChildMessage, DataMessage } from '../child/protocol.js';
import type { ChildReport } from '../child/steps.js';
import type { Inspection } from '../values/inspect.js';
import type { Contestant, Fitness } from './contestant.js';
import { ending } from './ending.js';

const ENTRY = fileURLToPath(new URL('../child/process.js', import.meta.url));

export function childProcess(serialization: 'json' | 'advanced'): Contestant {
  return {
    name: serialization,
    check: ({ data }, inspection) => (serialization === 'json' ? checkJson(data, inspection) : checkAdvanced(data)),
    run({ data }, turn) {
      return new Promise<ChildReport>((resolve, reject) => {
        turn.begin();
        const child = fork(ENTRY, [], { serialization, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
        child.send({ data } satisfies DataMessage);
        turn.signal.addEventListener('abort', () => child.kill('SIGKILL'));
        let report: ChildReport | undefined;
        let failure: Error | undefined;
        child.on('message', (message: ChildMessage) => {
          if (message.kind === 'usable') turn.handedOver();
          else if (message.kind === 'report') ({ report } = message);
          else failure = new Error(message.error);
        });
        child.on('error', (error) => {
          failure ??= error;
          // No process, so no exit will be told.
          if (child.pid === undefined) reject(error);
        });
        // Not before it has ended: nothing of it may run on into the next turn.
        child.on('exit', (code, signal) => {
          if (report !== undefined && failure === undefined) resolve(report);
          else reject(failure ?? new Error(ending('the process', code, signal)));
        });
      });
    },
  };
}

function checkJson(data: unknown, { notJson }: Inspection): Fitness {
  if (notJson !== undefined) return { obstacle: `JSON cannot carry it: ${notJson}` };
  return sizeOf(() => Buffer.byteLength(JSON.stringify(data)));
}

function checkAdvanced(data: unknown): Fitness {
  return sizeOf(() => serialize(data).byteLength);
}

function sizeOf(size: () => number): Fitness {
  try {
    return { wireBytes: size() };
  } catch (error) {
    return { obstacle: String(error) };
  }
}
