/** The start method `spawn`: Node is started afresh, and imports what it is to run. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ZygoteError } from '../errors.js';
import { native } from '../native/binding.js';
import { Kind, write } from '../process/channel.js';
import { SpawnedChild } from '../process/spawned-child.js';
import { isSimple, writeSimple } from '../process/simple.js';
import { pickle, type Pickled } from '../transfer/pickle.js';
import { findReference } from '../transfer/reference.js';
import { nodeArguments } from './exec-argv.js';
import { LastOutput } from './last-output.js';
import { programUrl } from './program.js';
import { CHANNEL, FIRST_OF_TASK, setupOf, STDERR, writeSetup } from './setup.js';
import type { Started, StartRequest, Task } from './starter.js';
import { assertNothingInherited } from './starter.js';
import { type Standard, standardStreams } from './stdio.js';

const ON_WINDOWS = process.platform === 'win32';
const ENTRY = fileURLToPath(programUrl('child/spawned'));

export async function startSpawn({ name, daemon, options, task, givenUp }: StartRequest): Promise<Started> {
  assertNothingInherited(options, 'spawn');
  const standards = standardStreams(options.stdio);
  // Before anything is started: what cannot be transferred leaves no child behind.
  const message = messageOf(task);
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(process.execPath, [...nodeArguments(options.execArgv), ENTRY], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    // `overlapped` makes a difference on Windows only: the child reads it by its event loop.
    stdio: [
      ...standardsAtFirst(standards),
      'overlapped',
      standards[2] === 'inherit' ? 2 : 'ignore',
      ...(ON_WINDOWS ? [] : message.descriptors),
    ],
    windowsHide: true,
    // Windows ends what is not detached with its parent.
    detached: ON_WINDOWS && !daemon,
  });
  const descriptors = descriptorsIn(child, name, message.descriptors);
  const own = setupOf('spawn', name, daemon, descriptors);
  const setup = writeSetup(standards[2] === 'inherit' ? { ...own, stderr: STDERR } : own);
  await Promise.race([spawned(child, name, options.cwd), givenUp]);
  const channel = child.stdio[CHANNEL] as Socket;
  // That it breaks is seen by who reads it.
  channel.on('error', () => {});
  // As one: the system has it all when this returns, also where each write takes a turn of the loop, which may be blocked next.
  channel.cork();
  write(channel, Kind.setup, setup);
  write(channel, Kind.task, message);
  channel.uncork();
  const watched = standards[2] === 'inherit' && new LastOutput(child.stderr as Readable, process.stderr);
  if (watched) (child.stderr as Socket).unref();
  return {
    handle: new SpawnedChild(child),
    channel,
    hearsSignals: true,
    stdin: standards[0] === 'pipe' ? child.stdin : null,
    stdout: standards[1] === 'pipe' ? kept(child.stdout as Readable) : null,
    stderr: standards[2] === 'pipe' ? kept(child.stderr as Readable) : null,
    ...(watched && { lastOutput: () => watched.text() }),
  };
}

/** The numbers that stand there for what the task comes with. At once: what is passed may be closed here from now on. */
function descriptorsIn(child: ChildProcess, name: string, descriptors: number[]): number[] {
  if (!ON_WINDOWS) return descriptors.map((_, index) => FIRST_OF_TASK + index);
  if (descriptors.length === 0 || child.pid === undefined) return [];
  try {
    return native().giveDescriptors(child.pid, descriptors);
  } catch (cause) {
    child.on('error', () => {});
    child.kill();
    for (const stream of child.stdio) stream?.destroy();
    const { message } = cause as Error;
    throw new ZygoteError('ERR_ZYGOTE_SPAWN_FAILED', `${name} could not be given what is shared with it: ${message}`, {
      cause,
    });
  }
}

/** Node throws away what nobody has begun to read when the process has ended. */
function kept(stream: Readable): Readable {
  return stream.pipe(new PassThrough());
}

/** A child need not load what pickles for an exported function with simple arguments: it is ready 4 ms sooner. */
function messageOf(task: Task): Pickled {
  const { target, args, subclass } = task;
  if (!subclass && typeof target === 'function' && args.every(isSimple)) {
    const found = findReference(target);
    // Not for what it takes more to find.
    if (found?.module.startsWith('file:') && !/[.:]/.test(found.export)) {
      return writeSimple([found.module, found.export, ...args]);
    }
  }
  return pickle(task, { descriptors: true });
}

/** Until it has imported everything, standard error comes by here: should it die, its last words are known. */
function standardsAtFirst([stdin = 'ignore', stdout = 'inherit', stderr = 'inherit']: Standard[]): Standard[] {
  return [stdin, stdout, stderr === 'inherit' ? 'pipe' : stderr];
}

async function spawned(child: ChildProcess, name: string, cwd: string | undefined): Promise<void> {
  try {
    await once(child, 'spawn');
  } catch (cause) {
    // The system says of both that there is no such file.
    const missing = cwd !== undefined && !existsSync(cwd);
    const reason = missing ? `there is no folder ${cwd}` : (cause as Error).message;
    throw new ZygoteError('ERR_ZYGOTE_SPAWN_FAILED', `${name} could not be started: ${reason}`, { cause });
  }
}
