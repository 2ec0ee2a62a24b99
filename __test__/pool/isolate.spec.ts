// Tasks in processes of their own, and pools that are held by a name.
import test from 'ava';
import { clearPools, getAllStartMethods, getPool, Pool, WorkerCrashedError } from 'zygote';
import { _exit, fork, waitpid } from 'zygote/posix';
import { until } from '../helpers/report.js';
import { count, die } from './fixtures/leaks.js';

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

for (const method of getAllStartMethods()) {
  test(`${method}: no task meets what another one has left, and no process outlives its task`, async (t) => {
    await using pool = new Pool({ method, processes: 2, isolate: true });
    const single = await Promise.all([pool.run(count), pool.run(count), pool.run(count)]);
    const mapped = await pool.map(count, [1, 2, 3]);
    const results = [...single, ...mapped];
    t.deepEqual(
      results.map(({ calls }) => calls),
      Array(6).fill(1),
    );
    t.is(new Set(results.map(({ pid }) => pid)).size, 6);
    await until(() => !results.some(({ pid }) => alive(pid)));
    t.is(pool.stats().workers, 0);
  });

  test(`${method}: one isolated task that dies costs no other`, async (t) => {
    await using pool = new Pool({ method, processes: 2, isolate: true });
    const [before, dead, after] = await Promise.allSettled([pool.run(count), pool.run(die), pool.run(count)]);
    t.is(before.status, 'fulfilled');
    t.is(after.status, 'fulfilled');
    t.true(dead.status === 'rejected' && dead.reason instanceof WorkerCrashedError);
    t.like((dead as PromiseRejectedResult).reason, { exitCode: 9, task: 'die' });
  });
}

test('a task of its own sees this process as it was when it was forked, and its closure', async (t) => {
  await using pool = new Pool({ method: 'fork', isolate: true });
  const state = { version: 0 };
  for (const version of [1, 2, 3]) {
    state.version = version;
    t.is(await pool.run(() => (state.version += 10)), version + 10);
    t.is(state.version, version);
  }
});

test('processes may be made ahead', async (t) => {
  await using pool = new Pool({ method: 'fork', isolate: true, minWorkers: 1, processes: 2 });
  await until(() => pool.stats().pids.length === 1 && pool.stats().starting === 0);
  const [ahead] = pool.stats().pids;
  t.deepEqual(await pool.run(count), { calls: 1, pid: ahead as number });
  await until(() => pool.stats().pids.some((pid) => pid !== ahead));
  t.is((await pool.run(count)).calls, 1);
});

test('a pool maps in forks of its own, and waits for that when it is closed', async (t) => {
  const secret = { handlers: [() => 'inherited'] };
  const pool = new Pool({ processes: 2 });
  const mapping = pool.forkMap([secret, secret], (item) => item.handlers[0]?.());
  pool.close();
  await pool.join();
  t.deepEqual(await mapping, ['inherited', 'inherited']);
  await t.throwsAsync(
    pool.forkMap([1], (item) => item),
    { code: 'ERR_ZYGOTE_POOL_CLOSED' },
  );
});

test('a held pool is the same for all who ask for its name', async (t) => {
  const pool = getPool('shared', { processes: 2, initArgs: [{ a: 1 }] });
  t.is(getPool('shared'), pool);
  t.is(getPool('shared', { initArgs: [{ a: 1 }], processes: 2 }), pool);
  t.is(pool.name, 'shared');
  t.not(getPool('other'), pool);
  const { pid } = await pool.run(count);
  t.not(pid, process.pid);
  const conflict = t.throws(() => getPool('shared', { processes: 3 }));
  t.like(conflict, { code: 'ERR_ZYGOTE_POOL_CONFLICT' });
  t.regex(conflict.message, /another value of processes, initArgs:/);
});

test('clear ends a held pool when its tasks are done; then its name is free', async (t) => {
  const pool = getPool('cleared', { processes: 1 });
  const task = pool.run(count);
  await pool.clear();
  t.false(alive((await task).pid));
  const another = getPool('cleared', { processes: 2 });
  t.not(another, pool);
  await pool.clear();
  t.is(getPool('cleared'), another);
  another.close();
  t.not(getPool('cleared'), another);
});

test('a clone of the process has held pools of its own', async (t) => {
  const pool = getPool('inherited');
  const pid = fork();
  if (pid === 0) _exit(getPool('inherited') === pool ? 1 : 0);
  t.is((await waitpid(pid)).exitCode, 0);
});

test.after.always('all held pools can be ended at once', async (t) => {
  const pools = [getPool('shared'), getPool('cleared')];
  await clearPools();
  t.true(pools.every(({ isClosed }) => isClosed));
  t.not(getPool('shared'), pools[0]);
});
