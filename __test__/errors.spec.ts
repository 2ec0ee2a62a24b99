import { inspect } from 'node:util';
import test from 'ava';
import {
  ProcessExitError,
  StartMethodError,
  TimeoutError,
  TransferError,
  WorkerCrashedError,
  ZygoteError,
} from 'zygote';

const killed = { exitCode: null, signalCode: 'SIGKILL' } as const;
const exited = { exitCode: 3, signalCode: null } as const;

const samples: [ZygoteError, className: string, code: string][] = [
  [new ProcessExitError('job', killed), 'ProcessExitError', 'ERR_ZYGOTE_PROCESS_EXIT'],
  [new WorkerCrashedError(7, exited), 'WorkerCrashedError', 'ERR_ZYGOTE_WORKER_CRASHED'],
  [new TransferError('$.jobs[3]', 'it is a socket'), 'TransferError', 'ERR_ZYGOTE_TRANSFER'],
  [new StartMethodError('no fork here'), 'StartMethodError', 'ERR_ZYGOTE_START_METHOD'],
  [new TimeoutError('join took longer than 5 ms'), 'TimeoutError', 'ERR_ZYGOTE_TIMEOUT'],
];

for (const [error, className, code] of samples) {
  test(`${className} is a ZygoteError with a stable code, and its stack begins with the class`, (t) => {
    t.true(error instanceof ZygoteError);
    t.true(error instanceof Error);
    t.is(error.code, code);
    t.true(error.stack?.startsWith(`${className}: ${error.message}`), error.stack);
    t.true(inspect(error).includes(code));
  });
}

test('ProcessExitError has the name of the process and how it ended', (t) => {
  const bySignal = new ProcessExitError('job', killed);
  t.like(bySignal, { name: 'job', exitCode: null, signalCode: 'SIGKILL' });
  t.is(bySignal.message, 'process job was ended by SIGKILL before it gave a result');

  const byCode = new ProcessExitError('job', exited);
  t.like(byCode, { name: 'job', exitCode: 3, signalCode: null });
  t.is(byCode.message, 'process job exited with code 3 before it gave a result');
});

test('WorkerCrashedError has the task and how the worker ended', (t) => {
  const error = new WorkerCrashedError(7, killed);
  t.like(error, { task: 7, exitCode: null, signalCode: 'SIGKILL' });
  t.is(error.message, 'a worker was ended by SIGKILL while it ran task 7');
});

test('TransferError has the path and the reason', (t) => {
  const error = new TransferError('$.jobs[3]', 'it is a socket');
  t.like(error, { path: '$.jobs[3]', reason: 'it is a socket' });
  t.is(error.message, 'cannot transfer $.jobs[3]: it is a socket');
});

test('a cause is kept', (t) => {
  const cause = new Error('first');
  t.is(new ZygoteError('ERR_ZYGOTE_X', 'second', { cause }).cause, cause);
});
