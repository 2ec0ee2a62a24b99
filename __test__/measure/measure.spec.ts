import { fileURLToPath } from 'node:url';
import test from 'ava';
import {
  CONTESTANT_NAMES,
  STAGES,
  measure,
  type ContestantMeasurement,
  type MeasuredPayload,
  type Measurement,
  type Progress,
  type Summary,
} from 'zygote/measure';

const fixtures = fileURLToPath(new URL('fixtures/own.js', import.meta.url));

/** Every child computed the checksum of its data, and `measure` has compared them: else it rejects. */
test('all ways give the same data', async (t) => {
  const seen: Progress[] = [];
  const measurement = await measure({ scale: 0.002, rounds: 2, onProgress: (progress) => seen.push(progress) });
  t.deepEqual(
    measurement.payloads.map(({ name }) => name),
    ['cities', 'records', 'map', 'buffer', 'nothing'],
  );
  t.deepEqual(
    measurement.payloads.map((payload) => statuses(payload as MeasuredPayload)),
    [
      ['measured', 'measured', 'measured', 'measured', 'measured', 'skipped'],
      ['measured', 'measured', 'measured', 'measured', 'measured', 'skipped'],
      ['measured', 'measured', 'measured', 'skipped', 'measured', 'skipped'],
      ['measured', 'measured', 'measured', 'skipped', 'measured', 'measured'],
      ['measured', 'measured', 'measured', 'measured', 'measured', 'measured'],
    ],
  );
  checkFigures(t.assert.bind(t), measurement);
  // Once to load, then three rounds of five ways.
  t.is(seen.filter(({ payload }) => payload === 'records').length, 1 + 3 * 5);
  const order = seen
    .filter(({ payload, round }) => payload === 'records' && round === 1)
    .map((turn) => turn.contestant);
  t.deepEqual(order.slice(0, 2), ['fork-prepared', 'clone'], 'each round begins with another one');
});

function statuses({ contestants }: MeasuredPayload): string[] {
  return contestants.map(({ status }) => status);
}

/** What holds for figures whatever the machine. */
function checkFigures(assert: (condition: boolean, message: string) => void, measurement: Measurement): void {
  for (const payload of measurement.payloads) {
    if (payload.status !== 'measured') continue;
    for (const contestant of payload.contestants) {
      if (contestant.status !== 'measured') continue;
      const where = `${payload.name} ${contestant.name}`;
      const { usable, read, blocked, gc, memory } = contestant;
      for (const summary of [usable, read, blocked, gc]) checkSummary(assert, summary, where);
      for (const stage of STAGES) for (const size of Object.values(memory[stage])) checkSummary(assert, size, where);
      assert(usable.min > 0 && blocked.min > 0, where);
      assert(memory.of === (['clone', 'shared'].includes(contestant.name) ? 'growth' : 'process'), where);
      if (memory.of === 'process') assert(memory.start.rss.min >= memory.start.pss.min, where);
      assert(contestant.wireBytes > 0 !== ['fork', 'fork-prepared', 'shared'].includes(contestant.name), where);
    }
  }
}

function checkSummary(assert: (condition: boolean, message: string) => void, summary: Summary, where: string): void {
  assert(summary.values.length === 2 && summary.values.every(Number.isFinite), where);
  assert(summary.min <= summary.median && summary.median <= summary.max, where);
}

test('data of your own that only a fork can carry', async (t) => {
  const { payloads } = await measure({ module: `${fixtures}#withFunction`, rounds: 1 });
  const { contestants } = payloads[0] as MeasuredPayload;
  t.is(find(contestants, 'fork').status, 'measured');
  t.like(find(contestants, 'json'), {
    status: 'skipped',
    reason: 'JSON cannot carry it: $.double is a function, which is left out',
  });
  t.like(find(contestants, 'clone'), { status: 'skipped' });
  t.regex((find(contestants, 'clone') as { reason: string }).reason, /could not be cloned/);
});

function find(contestants: ContestantMeasurement[], name: string): ContestantMeasurement {
  return contestants.find((contestant) => contestant.name === name) as ContestantMeasurement;
}

test('a child that has read other data fails the whole run', async (t) => {
  const options = { module: `${fixtures}#unsteady`, rounds: 1, only: ['advanced'] as const };
  await t.throwsAsync(measure(options), {
    code: 'ERR_ZYGOTE_MEASURE_MISMATCH',
    message: /the child of 'advanced' has read other data: checksum [0-9a-f]{8}, expected [0-9a-f]{8}/,
  });
});

test('data with cycles is refused', async (t) => {
  await t.throwsAsync(measure({ module: `${fixtures}#cyclic` }), {
    code: 'ERR_ZYGOTE_MEASURE_DATA',
    message: /\$\.self refers to an object that it is in/,
  });
});

test('a child that takes too long is given up, and the run goes on', async (t) => {
  const only = ['clone', 'json', 'advanced'] as const;
  const { payloads } = await measure({ payloads: ['records'], scale: 0.01, rounds: 1, timeout: 1, only });
  t.is(payloads.length, 2);
  for (const contestant of (payloads[0] as MeasuredPayload).contestants) {
    t.like(contestant, {
      status: 'failed',
      reason: 'round 0: the child did not even have the data within 0.001 s, and was ended',
    });
  }
});

test('a fork that hangs, or dies, is given up, and the others go on', async (t) => {
  const hung = await measure({ module: `${fixtures}#stuck`, rounds: 1, timeout: 8000, only: ['fork', 'clone'] });
  const reason = 'round 0: the child had the data, but had not finished within 8 s, and was ended';
  t.like((hung.payloads[0] as MeasuredPayload).contestants, [{ status: 'failed', reason }, { status: 'measured' }]);

  const died = await measure({ module: `${fixtures}#deadly`, rounds: 1, only: ['fork', 'clone'] });
  const [fork, clone] = (died.payloads[0] as MeasuredPayload).contestants;
  t.like(clone, { status: 'measured' });
  t.regex((fork as { reason: string }).reason, /^round 0: .*ended by SIGKILL/);
});

test('a signal ends it', async (t) => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const measuring = measure({
    payloads: ['records'],
    scale: 0.01,
    signal: controller.signal,
    onProgress: ({ round }) => round === 2 && controller.abort(reason),
  });
  t.is(await t.throwsAsync(measuring), reason);
});

test('the names of the contestants are those of the options', async (t) => {
  const { payloads } = await measure({ payloads: [], rounds: 1, only: CONTESTANT_NAMES });
  t.deepEqual(
    (payloads[0] as MeasuredPayload).contestants.map(({ name }) => name),
    [...CONTESTANT_NAMES],
  );
});
