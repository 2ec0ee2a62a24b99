/** The start method `forkserver`: a process with the user's modules in it is cloned. */
import type { Socket } from 'node:net';
import { StartMethodError, ZygoteError } from '../errors.js';
import { Kind, write } from '../process/channel.js';
import type { ChildHandle } from '../process/handle.js';
import { isOpen } from '../process/inherit.js';
import { pickle } from '../transfer/pickle.js';
import { ForkServer, type Preload } from './forkserver/client.js';
import { firstMessage } from './forkserver/hello.js';
import type { OnPreloadError, Reply } from './forkserver/protocol.js';
import { RelayedChild } from './forkserver/relayed-child.js';
import { placeOf, setupOf, writeSetup } from './setup.js';
import { assertNothingInherited, type Started, type StartRequest } from './starter.js';
import { forkedStreams, type Standard, standardStreams } from './stdio.js';

let wanted: Preload = { modules: [], onError: 'fail' };
let server: ForkServer | undefined;
/** Whose server it is: a clone of that process has none. */
let owner = 0;

/** The server, started if there is none or it has ended. */
function running(): ForkServer {
  if (process.platform === 'win32') {
    throw new StartMethodError('Windows has no fork, so there is no forkserver here: use the start method "spawn"');
  }
  const found = known();
  if (found?.isUsable) return found;
  owner = process.pid;
  server = new ForkServer(wanted);
  return server;
}

function known(): ForkServer | undefined {
  if (server && owner !== process.pid) {
    server.forget();
    server = undefined;
  }
  return server;
}

/** The forkserver of this process. */
export const forkserver = {
  /**
   * Names modules that the server imports before its first fork: its children find them imported, with the state they have then.
   * Specifiers are resolved from the working directory, as those of `node --import`. Takes the place of an earlier list.
   *
   * `onError` says what a module that cannot be imported does: `fail` every start, the default; `warn` on stderr; or `ignore`.
   *
   * @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`; `ERR_ZYGOTE_FORKSERVER_RUNNING` if it has been started already.
   */
  preload(modules: string[], { onError = 'fail' }: { onError?: OnPreloadError } = {}): void {
    if (!Array.isArray(modules) || !modules.every((module) => typeof module === 'string')) {
      throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', 'forkserver.preload takes an array of module specifiers');
    }
    if (!['fail', 'warn', 'ignore'].includes(onError)) {
      throw new ZygoteError(
        'ERR_ZYGOTE_INVALID_ARGUMENT',
        `onError is "fail", "warn" or "ignore", not ${JSON.stringify(onError)}`,
      );
    }
    if (known()?.isUsable) {
      throw new ZygoteError(
        'ERR_ZYGOTE_FORKSERVER_RUNNING',
        'the forkserver is running: name the modules before the first start, or await forkserver.stop() before',
      );
    }
    wanted = { modules: [...modules], onError };
  },

  /**
   * Starts the server, if it is not running; settles when it has preloaded everything.
   *
   * @throws ZygoteError `ERR_ZYGOTE_PRELOAD`, `ERR_ZYGOTE_FORKSERVER_LOST`; StartMethodError on Windows.
   */
  async start(): Promise<void> {
    const starting = running();
    starting.use(1);
    try {
      await starting.ready;
    } finally {
      starting.use(-1);
    }
  },

  /** Ends the server; settles when it has ended. Its children go on. The next start brings up a new one. */
  async stop(): Promise<void> {
    await known()?.stop();
  },

  /** Process id of the server; undefined when there is none. */
  get pid(): number | undefined {
    const found = known();
    return found?.isUsable ? found.pid : undefined;
  },

  /** URLs of the modules that the server has preloaded, as it tells; it is started if it is not running. */
  async preloaded(): Promise<string[]> {
    const reply = (await running().ask({ kind: 'preloaded' })) as Reply & { kind: 'preloaded' };
    return reply.modules;
  },
};

export async function startForkserver({ name, daemon, options, task, givenUp }: StartRequest): Promise<Started> {
  assertNothingInherited(options, 'forkserver');
  const standards = standardStreams(options.stdio);
  // Before anything is started: what cannot be transferred leaves no child behind.
  const message = pickle(task, { descriptors: true });
  const from = running();
  const streams = forkedStreams(standards.map(numbered));
  const descriptors = [...streams.descriptors, ...message.descriptors];
  const stdio = streams.standard.map((fd) => fd !== undefined) as [boolean, boolean, boolean];
  const asked = from.ask({ kind: 'fork', descriptors: descriptors.length, stdio }, descriptors);
  // The server makes the clone meanwhile, which reads what it is when it is there.
  const channel = streams.takeChannel();
  // That it breaks is seen by who reads it.
  channel.on('error', () => {});
  write(
    channel,
    Kind.setup,
    writeSetup({
      ...setupOf('forkserver', name, daemon),
      place: placeOf(options, from.env),
    }),
  );
  write(channel, Kind.task, message);
  try {
    const { pid, hearsSignals } = await Promise.race([identify(asked, channel, streams.closeChilds), givenUp]);
    return { handle: handleOf(from, pid, channel), channel, hearsSignals, ...streams.takeStreams() };
  } catch (error) {
    channel.destroy();
    streams.closeAll();
    throw error;
  }
}

/** The server tells it, or the child itself, should the server be gone by then. */
async function identify(
  asked: Promise<Reply>,
  channel: Socket,
  closeChilds: () => void,
): Promise<{ pid: number; hearsSignals: boolean }> {
  try {
    const { pid } = (await asked) as Reply & { kind: 'forked' };
    return { pid, hearsSignals: false };
  } catch (error) {
    if ((error as ZygoteError).code !== 'ERR_ZYGOTE_FORKSERVER_LOST') throw error;
    // Else this process's own copy would keep the channel open.
    closeChilds();
    const hello = await firstMessage(channel, Kind.hello);
    if (!hello) throw error;
    return { pid: Number(hello.toString()), hearsSignals: true };
  } finally {
    closeChilds();
  }
}

function handleOf(from: ForkServer, pid: number, channel: Socket): ChildHandle {
  return from.relays ? new RelayedChild(from, pid, channel) : from.take(pid);
}

/** What is this process's now, not the server's, which it had from this process when it was started. */
function numbered(standard: Standard, at: number): Standard {
  if (standard === 'ignore' && at === 0) return 'inherit';
  return standard === 'inherit' && isOpen(at) ? at : standard;
}
