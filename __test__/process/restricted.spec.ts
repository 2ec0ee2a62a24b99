// Under the permission model a process cannot look into itself: what is usually found that way has substitutes.
import test from 'ava';
import { describeOutcome, runProgram } from '../helpers/program.js';

const [major = 0] = process.versions.node.split('.').map(Number);
// Node 20 loads no addons then.
const onNode22 = major < 22 ? test.skip : test;
const nodeArgs = [
  major < 24 ? '--experimental-permission' : '--permission',
  '--allow-addons',
  '--allow-fs-read=*',
  '--allow-fs-write=*',
];
// Before that it does not know the network.
const onNode25 = major < 25 ? test.skip : test;
const withNet = major < 25 ? nodeArgs : [...nodeArgs, '--allow-net'];

onNode22('timers and immediates of the parent do not run in a child under the permission model', async (t) => {
  const program = new URL('fixtures/isolation.js', import.meta.url);
  const outcome = await runProgram(program, { args: ['timers'], nodeArgs: withNet });
  t.is(outcome.value('result'), 'own timers work', describeOutcome(outcome));
  for (const what of ['interval', 'immediate', 'timeout']) t.deepEqual(outcome.pids(what), [outcome.pid], what);
});

onNode22('random numbers of the parent and its children differ under the permission model', async (t) => {
  const program = new URL('../posix/fixtures/identity.js', import.meta.url);
  const outcome = await runProgram(program, { args: ['random'], nodeArgs: withNet });
  const drawn = outcome.values<Record<string, unknown>>('draw');
  t.is(drawn.length, 5, describeOutcome(outcome));
  for (const source of Object.keys(drawn[0] ?? {})) {
    t.is(new Set(drawn.map((draw) => draw[source])).size, 5, `${source}\n${describeOutcome(outcome)}`);
  }
});

onNode25('where the network is not allowed no process is started, and an error says what to do', async (t) => {
  const program = new URL('fixtures/isolation.js', import.meta.url);
  const outcome = await runProgram(program, { args: ['refusedChannel'], nodeArgs });
  t.regex(outcome.value('refused'), /^StartMethodError: .*--allow-net/, describeOutcome(outcome));
  t.is(outcome.value('children'), 0);
  t.is(outcome.values('child').length, 0);
});
