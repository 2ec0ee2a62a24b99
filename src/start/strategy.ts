/** How a fork brings what V8 needs into the child: all threads, or none because none is needed. */
import { StartMethodError, ZygoteError } from '../errors.js';
import { native } from '../native/binding.js';

/**
 * `all-threads` parks and revives every thread (Linux on x64 and arm64). `single-threaded` is a plain `fork` of a process
 * whose V8 needs no other thread.
 */
export type ForkStrategy = 'all-threads' | 'single-threaded';

/** Both must be on the command line of a process that is to be forked `single-threaded`. */
export const SINGLE_THREADED_FLAGS: readonly string[] = ['--single-threaded', '--v8-pool-size=0'];

let chosen: ForkStrategy | undefined;

/**
 * The strategy of this process: what the environment variable `ZYGOTE_FORK_STRATEGY` says, else `all-threads` where the
 * system can do it, else `single-threaded` where the process was started for it.
 *
 * @throws StartMethodError where this process cannot be forked; the message says what to do.
 */
export function forkStrategy(forced?: ForkStrategy): ForkStrategy {
  const wanted = forced ?? fromEnvironment();
  if (wanted) return checked(wanted);
  chosen ??= checked(obstacle('all-threads') === undefined ? 'all-threads' : 'single-threaded');
  return chosen;
}

/** Why a strategy cannot be used here; undefined where it can. */
export function obstacle(strategy: ForkStrategy): string | undefined {
  if (process.platform === 'win32') return 'Windows has no fork: use the start method "spawn"';
  if (strategy === 'all-threads') return native().allThreadsObstacle() ?? undefined;
  const missing = SINGLE_THREADED_FLAGS.filter((flag) => !hasFlag(flag));
  if (missing.length === 0) return undefined;
  return (
    `this process was started without ${missing.join(' and ')}, so its V8 relies on threads that a child would not ` +
    `have: start it as "node ${SINGLE_THREADED_FLAGS.join(' ')} …" (NODE_OPTIONS does not take them)`
  );
}

/** What no strategy can make right. */
export function assertForkable(): void {
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) {
    throw new ZygoteError('ERR_ZYGOTE_NOT_MAIN_THREAD', 'fork must be called on the main thread, not in a Worker');
  }
  if (inspectorIsOpen()) {
    throw new ZygoteError(
      'ERR_ZYGOTE_INSPECTOR_OPEN',
      'this process is being inspected, and a child would answer on the same debug port: ' +
        'call inspector.close() first, or start without --inspect',
    );
  }
}

function fromEnvironment(): ForkStrategy | undefined {
  const value = process.env['ZYGOTE_FORK_STRATEGY'];
  if (!value) return undefined;
  if (value === 'all-threads' || value === 'single-threaded') return value;
  throw new StartMethodError(`ZYGOTE_FORK_STRATEGY is "${value}"; it can be "all-threads" or "single-threaded"`);
}

function checked(strategy: ForkStrategy): ForkStrategy {
  const reason = obstacle(strategy);
  if (reason !== undefined) throw new StartMethodError(`cannot fork with the strategy "${strategy}": ${reason}`);
  return strategy;
}

function hasFlag(flag: string): boolean {
  const spelled = (argument: string) => argument.replaceAll('_', '-');
  return process.execArgv.some((argument) => spelled(argument) === flag);
}

function inspectorIsOpen(): boolean {
  const { inspector } = process.features;
  if (!inspector) return false;
  const { url } = process.getBuiltinModule('node:inspector');
  return url() !== undefined;
}
