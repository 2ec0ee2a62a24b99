// The programs in examples/ do what they say.
import { existsSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { describeOutcome, runProgram, type Running } from '../helpers/program.js';
import { until } from '../helpers/report.js';

const exampleOf = (name: string) => new URL(`../../../examples/${name}.mjs`, import.meta.url);

/** TypeScript has them in a package for each system. */
function declarationsOf(lib: string): string {
  const packages = new URL('../../../node_modules/@typescript/', import.meta.url);
  const files = readdirSync(packages).map((name) => fileURLToPath(new URL(`${name}/lib/${lib}`, packages)));
  return files.find((path) => existsSync(path)) ?? lib;
}

test('ast: forked workers find in a parsed program what its owner finds', async (t) => {
  // Smaller than what it takes by itself.
  const outcome = await runProgram(exampleOf('ast'), { args: [declarationsOf('lib.webworker.d.ts')] });
  t.is(outcome.code, 0, describeOutcome(outcome));
  t.regex(outcome.stdout, /^by \d+ forked workers in \d+ ms/m);
  t.regex(outcome.stdout, /the same was found\n\n\w+: \d+ members of its own, \d levels of inheritance, reaches \d{2}/);
});

test('snapshot: the picture is of one moment, and its owner goes on meanwhile', async (t) => {
  const outcome = await runProgram(exampleOf('snapshot'), { env: { ACCOUNTS: '50000' } });
  t.is(outcome.code, 0, describeOutcome(outcome));
  t.regex(outcome.stdout, /^50000 accounts were written in \d+ ms; [1-9]\d* transfers were made meanwhile$/m);
  t.regex(outcome.stdout, /^the sum of the balances in the file is right: 50000000$/m);
});

interface Answer {
  pid: string | undefined;
  body: string;
}

function ask(port: string, record: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ port, path: `/${record}`, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ pid: response.headers['x-pid'] as string, body }));
    });
    request.on('error', reject);
  });
}

test('prefork-server: workers answer on one socket, are started again when they die, and end in good order', async (t) => {
  const answers: Answer[] = [];
  const during = async ({ program, hasExited }: Running) => {
    let printed = '';
    program.stdout?.on('data', (text: string) => (printed += text));
    const found = async (pattern: RegExp) => {
      await until(() => pattern.test(printed) || hasExited());
      return pattern.exec(printed)?.[1] ?? '';
    };
    const port = await found(/^listening on (\d+)/m);
    const first = await found(/^worker-1 serves, pid (\d+)/m);
    const second = await found(/^worker-2 serves, pid (\d+)/m);
    const answeredBy = (pid: string) =>
      until(async () => {
        answers.push(await ask(port, 'record12345'));
        return hasExited() || answers.at(-1)?.pid === pid;
      });
    await answeredBy(first);
    await answeredBy(second);
    process.kill(Number(first), 'SIGKILL');
    const again = await found(/ended: SIGKILL\nworker-1 serves, pid (\d+)/);
    await answeredBy(again);
    program.kill('SIGTERM');
    program.stdin?.end();
  };
  const outcome = await runProgram(exampleOf('prefork-server'), {
    env: { PORT: '0', WORKERS: '2', RECORDS: '20000' },
    during,
  });
  t.is(outcome.code, 0, describeOutcome(outcome));
  t.deepEqual([...new Set(answers.map(({ body }) => body))], ['{"id":12345,"name":"name of 12345","score":345}']);
  t.regex(outcome.stdout, /all have ended\n$/);
});
