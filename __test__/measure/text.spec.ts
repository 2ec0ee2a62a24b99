import test from 'ava';
import type {
  ContestantMeasurement,
  ContestantName,
  MeasuredPayload,
  Measurement,
  MemorySummary,
  Summary,
} from 'zygote/measure';
import { growthText } from '#dist/cli/measure/growth';
import { payloadText } from '#dist/cli/measure/payload';
import { answers, crossovers } from '#dist/cli/measure/words';

function summary(...values: number[]): Summary {
  const [median = 0, q1 = median, q3 = median] = values;
  return { median, q1, q3, min: q1, max: q3, values: [median] };
}

function memory(rss: number, pss: number, own: number): MemorySummary {
  return { rss: summary(rss * 1e6), pss: summary(pss * 1e6), privateDirty: summary(own * 1e6), faults: summary(1234) };
}

function measured(
  name: ContestantName,
  usable: Summary,
  read: number,
  blocked: number,
  own: number,
): ContestantMeasurement {
  const same = memory(200, 120, own);
  const cpu = { user: summary(usable.median / 2), system: summary(1) };
  return {
    name,
    status: 'measured',
    usable,
    read: summary(read),
    blocked: summary(blocked),
    gc: summary(50),
    settle: summary(60),
    wireBytes: name === 'fork' ? 0 : 44_900_000,
    cpu: { parent: cpu, child: cpu },
    parentFaults: summary(10),
    memory: {
      of: name === 'clone' ? 'growth' : 'process',
      start: same,
      read: same,
      ...(name !== 'advanced' && { gc: same, write1: same, write10: same, scatter: same, write100: same }),
    },
    ...(name === 'fork' && {
      together: {
        children: 4,
        usable: summary(20),
        memory: { rss: summary(8e8), pss: summary(5e7), privateDirty: summary(4e7) },
      },
    }),
  };
}

const records: MeasuredPayload = {
  name: 'records',
  status: 'measured',
  title: '1,000,000 records {id, name, score}',
  bytes: 44_900_000,
  values: 3_000_000,
  checksum: '0123abcd',
  parent: {
    memory: { rss: 171e6, pss: 170e6, privateDirty: 120e6, faults: 9 },
    heapUsed: 111e6,
    external: 1e6,
  },
  contestants: [
    measured('fork', summary(3.94, 3.8, 4.2), 61.2, 3.5, 3.2),
    measured('clone', summary(1213, 1180, 1264), 158, 336, 210),
    { name: 'json', status: 'failed', reason: 'round 4: the process was ended by SIGKILL and gave no report' },
    measured('advanced', summary(1390, 1380, 1400), 160, 318, 220),
    { name: 'shared', status: 'skipped', reason: 'only bytes fit' },
  ],
};

const small: MeasuredPayload = {
  ...records,
  title: '22,272 records {id, name, score}',
  bytes: 1_000_000,
  contestants: [
    measured('fork', summary(3), 2, 3, 2),
    measured('clone', summary(40), 2, 5, 6),
    measured('message', summary(1), 2, 1, 6),
  ],
};

const large: MeasuredPayload = {
  ...records,
  contestants: [...records.contestants, measured('message', summary(900), 150, 330, 210)],
};

function measurementOf(...payloads: Measurement['payloads']): Measurement {
  return { format: 2, environment: {} as Measurement['environment'], rounds: 10, scale: 1, elapsed: 1000, payloads };
}

test('the tables of a payload', (t) => {
  const lines = payloadText(records, 140).split('\n');
  t.regex(lines[1] ?? '', /^── 1,000,000 records \{id, name, score\} ─+$/);
  t.is(lines[2], 'parent: RSS 171 MB, V8 heap 111 MB, outside of it 1.0 MB');
  t.deepEqual(
    lines.slice(4, 11).map((line) => line.replaceAll(/ {2,}/g, '  ')),
    [
      '  CPU, ms',
      '  usable, ms  ratio  reading, ms  parent blocked, ms  parent  child  faults  sent, MB',
      'fork  3.94 ±0.20  best  61.2 ±0.0  3.50 ±0.00  2.97  2.97  1.2k  0',
      'Worker, structured clone  1,213 ±42  308x  158 ±0  336 ±0  608  608  1.2k  45',
      'child_process, json  FAILED: round 4: the process was ended by SIGKILL and gave no report',
      'child_process, advanced  1,390 ±10  353x  160 ±0  318 ±0  696  696  1.2k  45',
      'Worker, SharedArrayBuffer  not run: only bytes fit',
    ],
  );
  t.is(lines[12], 'memory of the child, MB');
  t.regex(lines[14] ?? '', /RSS +PSS +own +RSS +PSS +own +full GC +1 % +10 % +each 10th +100 % +PSS +usable, ms$/);
  t.regex(lines[15] ?? '', /^fork +(200 +120 +3\.2 *){2}(3\.2 +){5}50 +20\.0$/);
  t.regex(lines[17] ?? '', /^child_process, advanced +(200 +120 +220 *){2}(– +){6}–$/);
});

test('every line fits the width that was asked for', (t) => {
  for (const width of [60, 80, 120]) {
    const text = payloadText(records, width) + growthText(measurementOf(small, large), width);
    const longest = Math.max(...text.split('\n').map((line) => line.length));
    t.true(longest <= width, `${longest} at ${width}`);
  }
});

test('a payload that could not be measured says why', (t) => {
  const reason = 'the measuring process was ended by SIGSEGV';
  t.is(payloadText({ name: 'map', status: 'failed', reason }, 120), `\nmap: could not be measured: ${reason}\n`);
});

test('growth is told where there are several sizes', (t) => {
  t.is(growthText(measurementOf(records), 120), '');
  const lines = growthText(measurementOf(small, large), 120).split('\n');
  t.regex(lines[3] ?? '', / 1 MB +45 MB +fixed, ms +ms per MB +fixed, ms +ms per MB$/);
  t.regex(lines[4] ?? '', /^fork +3\.00 +3\.94 +2\.98 +0\.021 /);
});

test('the question is answered in two sentences', (t) => {
  t.deepEqual(answers(measurementOf(small, large)), [
    'Inheriting 1,000,000 records {id, name, score} costs 3.94 ms by fork until the child can use it (2.98 ms, and 0.021 ms ' +
      'for each MB), 61.2 ms to read all of it, 3.50 ms in which the parent serves nobody, and 3.2 MB of memory that the ' +
      'child has for itself after reading (3.2 MB once it has written every tenth value, 3.2 MB all of them).',
    'Serializing the same costs 1,213 ms by structured clone to a new Worker until the child can use it (13.3 ms, and 27 ms ' +
      'for each MB), 158 ms to read all of it, 336 ms in which the parent serves nobody, and 210 MB of memory that the child ' +
      'has for itself after reading (210 MB once it has written every tenth value, 210 MB all of them): 308 times as long as ' +
      'inheriting.',
  ]);
});

test('without a fork the answer says so', (t) => {
  const without = { ...records, contestants: records.contestants.slice(1) };
  t.regex(answers(measurementOf(without))[0] ?? '', /^Inheriting .* was not measured here, or cannot be done\.$/);
  t.deepEqual(answers(measurementOf({ name: 'map', status: 'skipped', reason: 'x' })), []);
  t.deepEqual(crossovers(measurementOf(without)), []);
});

test('where serializing is cheaper is told in words', (t) => {
  t.deepEqual(crossovers(measurementOf(small, large)), [
    'records, until the child has read all of it: only above 1.9 MB is a fork cheaper than a message to a Worker that runs ' +
      'already; at every size a fork is cheaper than structured clone to a new Worker.',
  ]);
});
