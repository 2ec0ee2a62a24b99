import test from 'ava';
import { growthText } from '#dist/cli/measure/growth';
import { payloadText } from '#dist/cli/measure/payload';
import { answers, crossovers } from '#dist/cli/measure/words';
import { large, measurementOf, records, small } from './helpers/measurements.js';

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
