import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Measurement } from 'zygote/measure';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const { version } = createRequire(import.meta.url)('zygote/package.json') as { version: string };

function zygote(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

test('--help and --version', (t) => {
  t.like(zygote('--version'), { stdout: `${version}\n`, stderr: '', status: 0 });
  const help = zygote('--help');
  t.is(help.status, 0);
  t.regex(help.stdout, /Usage: zygote <command>[^]*measure /);
});

test('measure --help names every option and every payload and contestant', (t) => {
  const { stdout, status } = zygote('measure', '--help');
  t.is(status, 0);
  for (const word of [
    '--data',
    '--module',
    '--payload',
    '--methods',
    '--sizes',
    '--full',
    '--budget',
    '--rounds',
    '--quick',
    '--json',
    'cities',
    'advanced',
  ]) {
    t.true(stdout.includes(word), word);
  }
});

test('what is not understood is exit code 2, and says where help is', (t) => {
  const asked = 'zygote: say what to do: zygote measure, zygote report, or zygote doctor\nSee: zygote --help\n';
  t.like(zygote(), { stdout: '', stderr: asked, status: 2 });
  t.like(zygote('mesure'), { stderr: "zygote: there is no command 'mesure'\nSee: zygote --help\n", status: 2 });
  t.like(zygote('--quick'), { stderr: "zygote: there is no option '--quick'\nSee: zygote --help\n", status: 2 });
  const { stderr, status } = zygote('measure', '--raunds', '3');
  t.is(status, 2);
  t.regex(stderr, /--raunds[^]*See: zygote measure --help\n$/);
});

test('data that is missing is exit code 1 and one line', (t) => {
  const { stderr, status } = zygote('measure', '--data', '/nowhere/at-all.json');
  t.is(status, 1);
  t.regex(stderr, /^zygote: cannot read the data file \/nowhere\/at-all\.json: ENOENT[^\n]*\n$/);
});

test('--json prints the measurement and nothing else', (t) => {
  const args = ['--json', '--payload=records', '--methods=clone,json', '--sizes=50kB', '--rounds=2'];
  const { stdout, stderr, status } = zygote('measure', ...args);
  t.is(stderr, '');
  t.is(status, 0);
  const measurement = JSON.parse(stdout) as Measurement;
  t.like(measurement, {
    format: 2,
    rounds: 2,
    scale: 1,
    environment: { zygote: version, node: process.versions.node },
  });
  t.deepEqual(
    measurement.payloads.map(({ name, status: of }) => [name, of]),
    [
      ['nothing', 'measured'],
      ['records', 'measured'],
    ],
  );
});

test('without --json there are tables, what they mean, and what they say', (t) => {
  const { stdout, status } = zygote(
    'measure',
    '--payload=records',
    '--methods=fork,clone,shared',
    '--sizes=50kB',
    '--rounds=1',
  );
  t.is(status, 0);
  t.regex(stdout, /1,114 records \{id, name, score\}/);
  t.regex(stdout, /Worker, structured clone +[\d.]+ ±[\d.]+ +([\d.]+x|best)/);
  t.regex(stdout, /Worker, SharedArrayBuffer +not run: only bytes/);
  t.regex(stdout, /memory of the child, MB/);
  t.regex(stdout, /measured in 0:\d\d minutes/);
  t.regex(
    stdout.replaceAll('\n', ' '),
    /Inheriting 1,114 records .* costs .* by fork .*Serializing the same costs .* by structured clone/,
  );
});
