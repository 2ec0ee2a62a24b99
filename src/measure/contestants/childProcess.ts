/** `child_process.fork`: a new Node process, and the data serialized over a socket. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programUrl } from '../../start/program.js';
import type { ChildMessage, DataMessage } from '../child/protocol.js';
import type { ChildReport } from '../child/steps.js';
import type { Contestant } from './contestant.js';
import { ending } from './ending.js';
import { clonedSize, jsonSize } from './sizes.js';

const ENTRY = fileURLToPath(programUrl('measure/child/process'));

export function childProcess(serialization: 'json' | 'advanced'): Contestant {
  return {
    name: serialization,
    check: ({ data }, inspection) => (serialization === 'json' ? jsonSize(data, inspection) : clonedSize(data)),
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
