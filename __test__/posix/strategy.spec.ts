import test from 'ava';
import { describeOutcome, runProgram, SINGLE_THREADED } from '../helpers/program.js';

const program = new URL('fixtures/strategy.js', import.meta.url);
const forked = { exitCode: 0, signalCode: null };
const [singleThreaded = '', poolSize = ''] = SINGLE_THREADED;

async function attempt(options: object, nodeArgs: string[], variable?: string): Promise<Record<string, unknown>> {
  const outcome = await runProgram(program, {
    args: [JSON.stringify(options)],
    nodeArgs,
    ...(variable !== undefined && { env: { ZYGOTE_FORK_STRATEGY: variable } }),
  });
  try {
    return outcome.value('outcome');
  } catch {
    throw new Error(describeOutcome(outcome));
  }
}

test('a process that was not started for it cannot be forked single-threaded; the error says how to start it', async (t) => {
  for (const refused of [
    await attempt({ strategy: 'single-threaded' }, []),
    await attempt({}, [], 'single-threaded'),
    await attempt({}, [poolSize], 'single-threaded'),
  ]) {
    t.like(refused, { name: 'StartMethodError', code: 'ERR_ZYGOTE_START_METHOD' });
    t.regex(String(refused['message']), /start it as "node --single-threaded --v8-pool-size=0/);
  }
  t.regex(String((await attempt({}, [poolSize], 'single-threaded'))['message']), /without --single-threaded,/);
  t.regex(String((await attempt({}, [singleThreaded], 'single-threaded'))['message']), /without --v8-pool-size=0,/);
});

test('with both flags a process can be forked either way', async (t) => {
  t.deepEqual(await attempt({ strategy: 'single-threaded' }, [...SINGLE_THREADED]), forked);
  t.deepEqual(await attempt({ strategy: 'all-threads' }, [...SINGLE_THREADED], 'single-threaded'), forked);
  t.deepEqual(await attempt({}, ['--single_threaded', '--v8-pool-size=0'], 'single-threaded'), forked);
});

test('a strategy that does not exist is refused', async (t) => {
  t.like(await attempt({}, [], 'fast'), { code: 'ERR_ZYGOTE_START_METHOD' });
  t.like(await attempt({ strategy: 'fast' }, []), { code: 'ERR_ZYGOTE_START_METHOD' });
});
