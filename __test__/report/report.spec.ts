import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { CONTESTANT_NAMES, measure, STAGES } from 'zygote/measure';
import { comparedPayloads, labelled } from '#dist/cli/report/comparison';
import { problemOf } from '#dist/cli/report/read';
import { reportText } from '#dist/cli/report/text';
import { large, measurementOf, onNode24, records, small } from '../measure/helpers/measurements.js';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const schema = new URL('../../../docs/measurement.schema.json', import.meta.url);
const measurement = measurementOf(small, large, { name: 'map', status: 'skipped', reason: 'no time' });

let folder: string;
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'zygote-report-'));
});
test.after.always(() => rmSync(folder, { recursive: true }));

function report(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, [main, 'report', ...args], { encoding: 'utf8', cwd: folder });
}

function file(name: string, value: unknown): string {
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  return name;
}

test('what is measured matches the schema', async (t) => {
  const measured = await measure({ payloads: ['map'], sizes: [2000], rounds: 1, methods: ['clone', 'fork', 'shared'] });
  t.is(problemOf(JSON.parse(JSON.stringify(measured))), undefined);
  t.is(problemOf(measurement), undefined);
});

test('the schema has all ways and all stages', (t) => {
  const { $defs } = JSON.parse(readFileSync(schema, 'utf8')) as {
    $defs: Record<string, { properties: Record<string, { enum: string[]; properties: object }> }>;
  };
  t.deepEqual($defs['contestant']?.properties['name']?.enum, [...CONTESTANT_NAMES]);
  t.deepEqual(Object.keys($defs['measuredContestant']?.properties['memory']?.properties ?? {}), ['of', ...STAGES]);
});

const wrong: [what: string, value: unknown, message: RegExp][] = [
  ['no object', null, /^this is no measurement\. zygote measure --json=file writes one$/],
  ['no format', {}, /^this is no measurement/],
  ['an older format', { format: 1 }, /^it is of format 1, of an older zygote\. Measure again: this one reads 2$/],
  ['a newer format', { format: 3 }, /^it is of format 3, of a newer zygote\. Update: this one reads 2$/],
  ['a property that is missing', { ...measurement, elapsed: undefined }, /^it must have required property 'elapsed'$/],
  [
    'a figure that is none',
    measurementOf({ ...records, contestants: [{ ...records.contestants[0], usable: { median: '1' } } as never] }),
    /^payloads\[0\]\.contestants\[0\]\.usable/,
  ],
  [
    'a way that does not exist',
    measurementOf({ ...records, contestants: [{ ...records.contestants[4], name: 'telepathy' } as never] }),
    /^payloads\[0\]\.contestants\[0\]\.name must be equal to one of the allowed values: fork, /,
  ],
  ['a failure without a reason', measurementOf({ name: 'map', status: 'failed' } as never), /'reason'/],
];
for (const [what, value, message] of wrong) {
  test(`refused: ${what}`, (t) => {
    t.regex(problemOf(JSON.parse(JSON.stringify(value))) ?? '', message);
  });
}

test('several are named after what differs, and else after their files', (t) => {
  const other = onNode24(measurement);
  t.deepEqual(
    labelled([measurement, other], ['a', 'b']).map(({ label }) => label),
    ['Node 20.20.2', 'Node 24.1.0'],
  );
  t.deepEqual(
    labelled([measurement, measurement], ['a', 'b']).map(({ label }) => label),
    ['a', 'b'],
  );
});

test('payloads of the same kind and size are put side by side', (t) => {
  const almost = { ...large, bytes: 45_000_000 };
  const compared = comparedPayloads([measurement, measurementOf(almost)]);
  t.deepEqual(
    compared.map(({ title }) => title),
    [large.title],
  );
  const text = reportText(labelled([measurement, onNode24(measurement)], ['a', 'b']), 120);
  t.regex(text, /^A: Node 20\.20\.2\n[^]*\nB: Node 24\.1\.0\n/);
  t.regex(text, /\nfork +3\.94 +7\.88 +61\.2 +61\.2 /);
  t.regex(text.replaceAll('\n', ' '), /B: Inheriting .* costs 7\.88 ms by fork/);
});

test('zygote report prints one file as it was measured, and several side by side', (t) => {
  const [a, b] = [file('a.json', measurement), file('b.json', onNode24(measurement))];
  const one = report(a);
  t.is(one.status, 0, one.stderr);
  t.regex(one.stdout, /memory of the child, MB[^]*records: growth[^]*Inheriting/);
  t.regex(report(a, b).stdout, /^A: Node 20\.20\.2\n/);
});

test('zygote report says what is wrong with a file, and with how it is called', (t) => {
  t.like(report('missing.json'), { status: 1 });
  t.regex(report('missing.json').stderr, /^zygote: cannot read missing\.json: ENOENT/);
  t.regex(report(file('bad.json', '{')).stderr, /^zygote: bad\.json is not JSON: /);
  t.regex(report(file('old.json', { format: 1 })).stderr, /^zygote: old\.json: it is of format 1, of an older zygote/);
  t.like(report(), { status: 2 });
  t.regex(report('--hmtl', 'x').stderr, /--hmtl[^]*See: zygote report --help\n$/);
  t.regex(report('--help').stdout, /Usage: zygote report/);
});
