import test from 'ava';
import type {
  ContestantMeasurement,
  ContestantName,
  MeasuredPayload,
  Measurement,
  MemorySummary,
  Summary,
} from 'zygote/measure';
import { payloadText } from '#dist/cli/measure/payload';
import { conclusions } from '#dist/cli/measure/words';

function summary(...values: number[]): Summary {
  const [median = 0, q1 = median, q3 = median] = values;
  return { median, q1, q3, min: q1, max: q3, values: [median] };
}

function memory(rss: number, pss: number, own: number): MemorySummary {
  return { rss: summary(rss * 1e6), pss: summary(pss * 1e6), privateDirty: summary(own * 1e6) };
}

function measured(
  name: ContestantName,
  usable: Summary,
  read: number,
  blocked: number,
  own: number,
): ContestantMeasurement {
  const same = memory(200, 120, own);
  return {
    name,
    status: 'measured',
    usable,
    read: summary(read),
    blocked: summary(blocked),
    gc: summary(50),
    settle: summary(60),
    wireBytes: name === 'fork' ? 0 : 44_900_000,
    memory: {
      of: name === 'clone' ? 'growth' : 'process',
      start: same,
      read: same,
      gc: same,
      write: same,
      scatter: same,
    },
  };
}

const records: MeasuredPayload = {
  name: 'records',
  status: 'measured',
  title: '1,000,000 records {id, name, score}',
  values: 3_000_000,
  checksum: '0123abcd',
  parent: {
    memory: { rss: 171e6, pss: 170e6, privateDirty: 120e6 },
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

function measurementOf(...payloads: Measurement['payloads']): Measurement {
  return { format: 1, environment: {} as Measurement['environment'], rounds: 10, scale: 1, elapsed: 1000, payloads };
}

test('the tables of a payload', (t) => {
  const lines = payloadText(records, 120).split('\n');
  t.regex(lines[1] ?? '', /^── 1,000,000 records \{id, name, score\} ─+$/);
  t.is(lines[2], 'parent: RSS 171 MB, V8 heap 111 MB, outside of it 1.0 MB');
  t.deepEqual(lines.slice(4, 10), [
    '                           usable, ms  ratio  reading, ms  ratio  parent blocked, ms  ratio  sent, MB',
    'fork                       3.94 ±0.20   best    61.2 ±0.0   best          3.50 ±0.00   best         0',
    'Worker, structured clone    1,213 ±42   308x       158 ±0   2.6x              336 ±0    96x        45',
    'child_process, json        FAILED: round 4: the process was ended by SIGKILL and gave no report',
    'child_process, advanced     1,390 ±10   353x       160 ±0   2.6x              318 ±0    91x        45',
    'Worker, SharedArrayBuffer  not run: only bytes fit',
  ]);
  t.is(lines[11], 'memory of the child, MB');
  t.regex(lines[12] ?? '', /data usable +all read +full GC +10 % written +each 10th$/);
  t.regex(lines[14] ?? '', /^fork +(200 +120 +3\.2 *){5}$/);
});

test('every line fits the width that was asked for', (t) => {
  for (const width of [60, 80, 120]) {
    const longest = Math.max(
      ...payloadText(records, width)
        .split('\n')
        .map((line) => line.length),
    );
    t.true(longest <= width, `${longest} at ${width}`);
  }
});

test('a payload that could not be measured says why', (t) => {
  const reason = 'the measuring process was ended by SIGSEGV';
  t.is(payloadText({ name: 'map', status: 'failed', reason }, 120), `\nmap: could not be measured: ${reason}\n`);
});

test('the figures in words', (t) => {
  t.deepEqual(conclusions(measurementOf(records)), [
    '1,000,000 records {id, name, score}: ' +
      'usable in the child after 3.94 ms by fork against 1,213 ms by structured clone (308x sooner), ' +
      '1,390 ms by child_process with advanced serialization; ' +
      'the parent is blocked for 3.50 ms by fork against 336 ms by structured clone (96x shorter); ' +
      'reading all of it takes 61.2 ms by fork against 158 ms by structured clone (2.6x faster); ' +
      'after that the forked child has 3.2 MB of memory of its own, and the thread adds 210 MB.',
  ]);
});

test('words follow the figures when a fork is worse', (t) => {
  const slow = {
    ...records,
    contestants: [measured('fork', summary(20), 8, 3, 1), measured('clone', summary(10), 4, 1, 1)],
  };
  const [sentence = ''] = conclusions(measurementOf(slow));
  t.regex(sentence, /20\.0 ms by fork against 10\.0 ms by structured clone \(2\.0x later\)/);
  t.regex(sentence, /\(3\.0x longer\)/);
  t.regex(sentence, /\(2\.0x slower\)/);
});

test('without a fork, or with nothing beside it, there is nothing to say', (t) => {
  const alone = { ...records, contestants: records.contestants.slice(0, 1) };
  const without = { ...records, contestants: records.contestants.slice(1) };
  t.deepEqual(conclusions(measurementOf(alone, without, { name: 'map', status: 'skipped', reason: 'x' })), []);
});
