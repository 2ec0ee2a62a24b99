// Jobs that are started again. Time is the tests' own where it matters.
import { once } from 'node:events';
import test from 'ava';
import { getAllStartMethods, type JobExit, parentProcess, Supervisor, ZygoteError } from 'zygote';
import { native } from '#dist/native/binding';
import { until } from '../helpers/report.js';
import { fail, runForEver } from './fixtures/targets.js';
import { FakeClock } from './helpers/fake-clock.js';

/** Memory that jobs and this process write to together. */
const marks = (length: number) => new Int32Array(native().sharedPages(4 * length), 0, length);
const exit = async (supervisor: Supervisor) => (await once(supervisor, 'exit')) as [string, JobExit];
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const killed = (signalCode: NodeJS.Signals) => ({ exitCode: null, signalCode });

test('each job runs in a process of its own, under its name, until it is stopped', async (t) => {
  const jobs = { watchA: { target: runForEver }, watchB: { target: runForEver } };
  const supervisor = new Supervisor(jobs, { grace: 60_000 });
  t.is(supervisor.status('watchA').state, 'idle');
  await supervisor.start();
  const { watchA, watchB } = supervisor.status();
  t.like(watchA, { state: 'running', restarts: 0 });
  t.is(new Set([watchA?.pid, watchB?.pid, process.pid]).size, 3);
  t.is(supervisor.process('watchA')?.name, 'watchA');
  t.true(supervisor.process('watchA')?.daemon);
  t.false(await supervisor.join({ timeout: 0 }));
  await supervisor.stop();
  t.true(await supervisor.join());
  for (const { state, pid, lastExit } of Object.values(supervisor.status())) {
    t.like({ state, pid, lastExit }, { state: 'stopped', pid: undefined, lastExit: killed('SIGTERM') });
  }
  t.false(alive(watchA?.pid as number) || alive(watchB?.pid as number));
  await supervisor.start();
  t.is(supervisor.status('watchA').state, 'running');
  await supervisor[Symbol.asyncDispose]();
});

const ENDS: Record<string, { target: () => unknown; exit: object; error?: object }> = {
  returns: { target: () => 1, exit: { exitCode: 0, error: undefined } },
  exits: { target: () => process.exit(3), exit: { exitCode: 3 } },
  throws: { target: fail, exit: { exitCode: 1 }, error: { name: 'RangeError', message: 'as told' } },
  'is killed': { target: () => process.kill(process.pid, 'SIGKILL'), exit: killed('SIGKILL') },
  'has an uncaught error': {
    target: () => {
      setImmediate(() => {
        throw new Error('in a callback');
      });
      return runForEver();
    },
    exit: { exitCode: 1 },
  },
  'can never settle': { target: () => new Promise(() => {}), exit: { exitCode: 13 } },
};
for (const [which, { target, exit: expected, error }] of Object.entries(ENDS)) {
  test(`a job that ${which} is started again`, async (t) => {
    const clock = new FakeClock();
    const starts = marks(1);
    const stdio = 'ignore';
    const job = { target: () => (Atomics.add(starts, 0, 1) === 0 ? target() : runForEver()), stdio } as const;
    await using supervisor = new Supervisor({ job }, { clock });
    const ended = exit(supervisor);
    await supervisor.start();
    const [name, how] = await ended;
    t.is(name, 'job');
    t.like(how, expected);
    if (error) t.like(how.error, error);
    t.like(supervisor.status('job'), { state: 'waiting', restartIn: 100, pid: undefined });
    const started = once(supervisor, 'start');
    clock.advance(100);
    t.is((await started)[0], 'job');
    t.like(supervisor.status('job'), { state: 'running', restarts: 1 });
    t.is(supervisor.status('job').lastExit, how);
  });
}

for (const method of getAllStartMethods()) {
  test(`${method}: a job is started again`, async (t) => {
    await using supervisor = new Supervisor({ job: { target: runForEver, method } }, { backoff: { initial: 0 } });
    supervisor.on('exit', () => {});
    await supervisor.start();
    const started = once(supervisor, 'start');
    supervisor.process('job')?.kill('SIGKILL');
    await started;
    t.like(supervisor.status('job'), { state: 'running', restarts: 1, lastExit: killed('SIGKILL') });
  });
}

test('a job that cannot be started is tried again, and given up', async (t) => {
  const target = () => 'found by nobody';
  const supervisor = new Supervisor({ job: { target, method: 'spawn' } }, { backoff: { initial: 0 }, maxRestarts: 2 });
  const exits: JobExit[] = [];
  supervisor.on('exit', (_, how) => exits.push(how));
  const givenUp = once(supervisor, 'giveUp');
  await supervisor.start();
  const [name, error] = (await givenUp) as [string, ZygoteError];
  t.is(name, 'job');
  t.like(error, { code: 'ERR_ZYGOTE_GAVE_UP', cause: { code: 'ERR_ZYGOTE_TRANSFER' } });
  t.regex(
    error.message,
    /the job job was started again 2 times within 60000 ms and has ended again: it could not be started/,
  );
  t.is(exits.length, 3);
  t.like(exits[0], { exitCode: null, signalCode: null, ran: 0 });
  t.is(supervisor.status('job').state, 'failed');
  t.true(await supervisor.join());
});

test('waits grow up to a cap, and begin anew after a job was stable', async (t) => {
  const clock = new FakeClock();
  const backoff = { initial: 10, factor: 3, max: 50 };
  await using supervisor = new Supervisor({ job: { target: runForEver } }, { clock, backoff, stableAfter: 1000 });
  supervisor.on('exit', () => {});
  await supervisor.start();
  const crash = async (ran: number) => {
    clock.advance(ran);
    const restart = once(supervisor, 'restart');
    supervisor.process('job')?.kill('SIGKILL');
    const [, { attempt, delay }] = (await restart) as [string, { attempt: number; delay: number }];
    const started = once(supervisor, 'start');
    clock.advance(delay);
    await started;
    return [attempt, delay];
  };
  t.deepEqual(await crash(1), [1, 10]);
  t.deepEqual(await crash(1), [2, 30]);
  t.deepEqual(await crash(999), [3, 50]);
  t.deepEqual(await crash(1), [4, 50]);
  t.deepEqual(await crash(1000), [1, 10]);
});

test('a job is given up after too many restarts within a time, and can be started by hand', async (t) => {
  const clock = new FakeClock();
  const policy = { maxRestarts: 2, within: 1000, backoff: { initial: 0 } };
  await using supervisor = new Supervisor({ job: { target: () => process.exit(7) } }, { clock, ...policy });
  supervisor.on('exit', () => {});
  // Far enough apart at first.
  let between = 1001;
  supervisor.on('restart', () => {
    if (supervisor.status('job').restarts === 4) between = 0;
    setImmediate(() => clock.advance(between));
  });
  const givenUp = once(supervisor, 'giveUp');
  await supervisor.start();
  const [, error] = (await givenUp) as [string, ZygoteError];
  t.is(supervisor.status('job').restarts, 5);
  t.like(error, { code: 'ERR_ZYGOTE_GAVE_UP', cause: { exitCode: 7 } });
  t.regex(error.message, /again: it exited with code 7/);
  t.is(supervisor.status('job').state, 'failed');
  const ended = exit(supervisor);
  await supervisor.restart('job');
  await ended;
  t.not(supervisor.status('job').state, 'failed');
});

test('a policy of a job goes before that of its supervisor', async (t) => {
  const jobs = {
    once: { target: () => process.exit(1), restart: 'never' },
    done: { target: () => 1, restart: 'on-failure' },
    exited: { target: () => process.exit(0), restart: 'on-failure' },
    again: { target: () => process.exit(1) },
  } as const;
  const supervisor = new Supervisor(jobs, { restart: 'on-failure', clock: new FakeClock() });
  const exits = new Set<string>();
  supervisor.on('exit', (name) => exits.add(name));
  await supervisor.start();
  await until(() => exits.size === 4);
  const states = Object.entries(supervisor.status()).map(([name, { state }]) => [name, state]);
  t.deepEqual(Object.fromEntries(states), { once: 'finished', done: 'finished', exited: 'finished', again: 'waiting' });
  t.false(await supervisor.join({ timeout: 0 }));
  await supervisor.stop();
  t.is(supervisor.status('again').state, 'stopped');
  t.true(await supervisor.join());
});

test('a job that does not end when it is asked to is killed after its grace', async (t) => {
  const clock = new FakeClock();
  const [asked, ready] = [marks(1), marks(1)];
  const target = () => {
    process.on('SIGINT', () => Atomics.add(asked, 0, 1));
    Atomics.store(ready, 0, 1);
    return runForEver();
  };
  const supervisor = new Supervisor({ stubborn: { target, stopSignal: 'SIGINT' } }, { clock, grace: 700 });
  await supervisor.start();
  await until(() => Atomics.load(ready, 0));
  const stopping = supervisor.stop();
  await until(() => Atomics.load(asked, 0));
  t.is(supervisor.status('stubborn').state, 'stopping');
  t.deepEqual(clock.waits, [700]);
  clock.advance(700);
  await stopping;
  t.like(supervisor.status('stubborn').lastExit, killed('SIGKILL'));
  t.deepEqual(clock.waits, []);
});

test('jobs can be added, started anew and removed while others run', async (t) => {
  await using supervisor = new Supervisor({ a: { target: runForEver } });
  await supervisor.add('before', { target: runForEver });
  t.is(supervisor.status('before').state, 'idle');
  await supervisor.start();
  await supervisor.add('b', {
    target: (what: string) => parentProcess()?.send(what).then(runForEver),
    args: ['hello'],
  });
  t.deepEqual(await once(supervisor.process('b') as never, 'message'), ['hello']);
  const { pid } = supervisor.status('a');
  await supervisor.restart('a');
  t.like(supervisor.status('a'), { state: 'running', restarts: 0 });
  t.not(supervisor.status('a').pid, pid);
  await supervisor.remove('b');
  t.deepEqual(Object.keys(supervisor.status()), ['a', 'before']);
  await t.throwsAsync(supervisor.add('a', { target: runForEver }), { code: 'ERR_ZYGOTE_JOB_EXISTS' });
  await t.throwsAsync(supervisor.restart('b'), { code: 'ERR_ZYGOTE_NO_SUCH_JOB', message: /there is: a, before/ });
});

test('a supervisor may be stopped at any moment: while jobs start, wait, and from listeners', async (t) => {
  const supervisor = new Supervisor(
    { job: { target: runForEver }, dies: { target: fail } },
    { clock: new FakeClock() },
  );
  const starting = supervisor.start();
  t.is(supervisor.status('job').state, 'starting');
  supervisor.on('exit', () => {});
  await Promise.all([supervisor.stop(), supervisor.stop(), starting]);
  t.deepEqual(
    Object.values(supervisor.status()).map(({ state }) => state),
    ['stopped', 'stopped'],
  );
  const stopped = new Promise<void>((resolve) =>
    supervisor.once('restart', () => void supervisor.stop().then(resolve)),
  );
  await supervisor.start();
  await stopped;
  t.true(await supervisor.join());
});

test('a listener that throws does not keep a job from being started again', async (t) => {
  await using supervisor = new Supervisor({ job: { target: fail } }, { backoff: { initial: 0 } });
  const uncaught: unknown[] = [];
  // What is uncaught would end a test runner.
  const { nextTick } = process;
  t.teardown(() => (process.nextTick = nextTick));
  process.nextTick = ((callback: () => void, ...rest: []) => {
    nextTick(() => {
      try {
        callback(...rest);
      } catch (error) {
        if ((error as Error).message !== 'of a listener') throw error;
        uncaught.push(error);
      }
    });
  }) as typeof nextTick;
  supervisor.on('exit', () => {
    throw new Error('of a listener');
  });
  await supervisor.start();
  await until(() => supervisor.status('job').restarts > 1);
  t.true(uncaught.length > 0);
});

test('misuse is refused', (t) => {
  const job = { target: runForEver };
  const calls: (() => unknown)[] = [
    () => new Supervisor({ job: {} as never }),
    () => new Supervisor({ job: 'job' as never }),
    () => new Supervisor({ job }, { restart: 'sometimes' as never }),
    () => new Supervisor({ job }, { backoff: { factor: 0.5 } }),
    () => new Supervisor({ job: { ...job, backoff: { jitter: 2 } } }),
    () => new Supervisor({ job }, { maxRestarts: -1 }),
    () => new Supervisor({ job: { ...job, grace: Number.NaN } }),
  ];
  for (const call of calls) t.throws(call, { instanceOf: ZygoteError, code: 'ERR_ZYGOTE_INVALID_ARGUMENT' });
});
