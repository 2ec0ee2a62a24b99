/** `child_process.fork`: another Node process, and the data serialized over a socket. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { programUrl } from '../../start/program.js';
import type { DataMessage } from '../child/protocol.js';
import { untilQuiet } from '../system/gc.js';
import type { ContestantName } from '../ways.js';
import type { Contestant } from './contestant.js';
import { ending } from './ending.js';
import { Hearing } from './hearing.js';
import { clonedSize, jsonSize } from './sizes.js';

const ENTRY = fileURLToPath(programUrl('measure/child/process'));

/** `isRunning`: the process is there before the clock starts, and waits. */
export function childProcess(name: ContestantName, serialization: 'json' | 'advanced', isRunning: boolean): Contestant {
  return {
    name,
    check: ({ data }, inspection) => (serialization === 'json' ? jsonSize(data, inspection) : clonedSize(data)),
    async start({ data }, turn) {
      const hearing = new Hearing(turn);
      if (!isRunning) turn.begin();
      const args = isRunning ? ['wait'] : [];
      const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
      const child = fork(ENTRY, args, { serialization, execArgv: [], stdio: [...stdio] });
      const gone = once(child, 'exit').catch(() => {});
      child.on('message', (message) => hearing.hear(message as never));
      child.on('error', (error) => hearing.failed(error));
      child.on('exit', (code, signal) => hearing.failed(new Error(ending('the process', code, signal))));
      turn.signal.addEventListener('abort', () => child.kill('SIGKILL'));
      if (isRunning) {
        await hearing.waiting;
        await untilQuiet();
        turn.begin();
      }
      child.send({ data, extent: turn.extent } satisfies DataMessage, (error) => error && hearing.failed(error));
      return {
        pid: child.pid ?? 0,
        report: hearing.report,
        async end() {
          child.kill('SIGKILL');
          if (child.pid !== undefined) await gone;
        },
      };
    },
  };
}
