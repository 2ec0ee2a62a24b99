// Locks in Workers, whose process goes on when they end.
import test from 'ava';
import { getAllStartMethods } from 'zygote';
import { runProgram } from '../start/helpers/scenarios.js';

const program = new URL('fixtures/worker.js', import.meta.url);

// A Worker cannot fork.
for (const method of getAllStartMethods().filter((one) => one !== 'fork')) {
  test(`${method}: what a Worker held when it ended is the next one’s, who is told`, async (t) => {
    const { stdout, stderr, code } = await runProgram(program, { args: [method] });
    t.is(stderr, '');
    t.is(code, 0);
    t.is(stdout.trim(), 'abandoned');
  });
}
