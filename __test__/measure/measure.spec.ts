import { fileURLToPath } from 'node:url';
import test from 'ava';
import {
  CONTESTANT_NAMES,
  STAGES,
  WAYS,
  measure,
  type ContestantMeasurement,
  type MeasuredPayload,
  type MemorySummary,
  type Measurement,
  type Progress,
  type Summary,
} from 'zygote/measure';

const fixtures = fileURLToPath(new URL('fixtures/own.js', import.meta.url));

/** Every child computed the checksum of its data, and `measure` has compared them: else it rejects. */
test('all ways give the same data', async (t) => {
  const seen: Progress[] = [];
  const measurement = await measure({
    scale: 0.002,
    sizes: [50e6],
    rounds: 2,
    methods: ['zygote', 'built-in'],
    onProgress: (progress) => seen.push(progress),
  });
  t.deepEqual(
    measurement.payloads.map(({ name }) => name),
    ['nothing', 'records', 'buffer', 'map', 'cities'],
  );
  t.deepEqual(
    measurement.payloads.map((payload) => skipped(payload as MeasuredPayload)),
    [[], noObjects, ['json'], [...noObjects.slice(0, -1), 'json', 'shared'], noObjects],
  );
  checkFigures(t.assert.bind(t), measurement);
  // Once to load, then three rounds of 13 ways, and children together by those eleven that start any.
  t.is(seen.filter(({ payload }) => payload === 'records, 0.1 MB').length, 1 + 3 * 13 + 11);
  const order = seen
    .filter(({ payload, round }) => payload === 'records, 0.1 MB' && round === 2)
    .map((turn) => turn.contestant);
  t.deepEqual(order.slice(0, 2), ['forkserver-preloaded', 'forkserver-args'], 'each round begins with another one');
});

/** Ways into which only bytes fit. */
const noObjects = [
  ...['memory', 'mapping'].flatMap((kind) => ['fork', 'forkserver', 'spawn'].map((by) => `${kind}-${by}`)),
  'shared',
];

/** What was not measured; all else was. */
function skipped({ contestants }: MeasuredPayload): string[] {
  return contestants.flatMap(({ name, status }) => {
    if (status === 'measured') return [];
    return [status === 'skipped' ? name : `${name} ${status}`];
  });
}

/** What holds for figures whatever the machine. */
function checkFigures(assert: (condition: boolean, message: string) => void, measurement: Measurement): void {
  for (const payload of measurement.payloads) {
    if (payload.status !== 'measured') continue;
    for (const contestant of payload.contestants) {
      if (contestant.status !== 'measured') continue;
      const where = `${payload.name} ${contestant.name}`;
      const { usable, read, blocked, gc, memory, cpu, parentFaults, together } = contestant;
      const summaries = [
        usable,
        read,
        blocked,
        gc,
        parentFaults,
        ...Object.values(cpu.child),
        ...Object.values(cpu.parent),
      ];
      for (const summary of summaries) checkSummary(assert, summary, where);
      for (const stage of STAGES) {
        for (const size of Object.values(memory[stage] as MemorySummary)) checkSummary(assert, size, where);
      }
      assert(usable.min > 0 && blocked.min > 0, where);
      const { handing, start } = WAYS[contestant.name];
      const isThread = start === 'worker' || contestant.name === 'message';
      assert(memory.of === (isThread ? 'growth' : 'process'), where);
      if (!isThread) assert(memory.start.rss.min >= memory.start.pss.min, where);
      if (!isThread)
        assert(memory.start.faults.min > 0 && memory.write100!.faults.max >= memory.read.faults.min, where);
      assert(contestant.wireBytes > 0 === (handing === 'serialized'), where);
      if (together) assert(together.children === 4 && together.memory.pss.min > 0, where);
    }
  }
}

function checkSummary(
  assert: (condition: boolean, message: string) => void,
  summary: Summary | undefined,
  where: string,
): void {
  assert(summary !== undefined && summary.values.length === 2 && summary.values.every(Number.isFinite), where);
  assert(summary !== undefined && summary.min <= summary.median && summary.median <= summary.max, where);
}

test('data of your own that only a fork can carry', async (t) => {
  const { payloads } = await measure({ module: `${fixtures}#withFunction`, rounds: 1 });
  const { contestants } = payloads[1] as MeasuredPayload;
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
  const options = { module: `${fixtures}#unsteady`, rounds: 1, methods: ['advanced'] as const };
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
  const methods = ['clone', 'json', 'advanced'] as const;
  const { payloads } = await measure({ payloads: ['records'], sizes: [100_000], rounds: 1, timeout: 1, methods });
  t.is(payloads.length, 2);
  for (const contestant of (payloads[1] as MeasuredPayload).contestants) {
    t.like(contestant, {
      status: 'failed',
      reason: 'round 0: the child did not even have the data within 0.001 s, and was ended',
    });
  }
});

test('a fork that hangs, or dies, is given up, and the others go on', async (t) => {
  const hung = await measure({ module: `${fixtures}#stuck`, rounds: 1, timeout: 8000, methods: ['fork', 'clone'] });
  const reason = 'round 1: the child had the data, but had not finished within 8 s, and was ended';
  t.like((hung.payloads[1] as MeasuredPayload).contestants, [{ status: 'failed', reason }, { status: 'measured' }]);

  const died = await measure({ module: `${fixtures}#deadly`, rounds: 1, methods: ['fork', 'clone'] });
  const [fork, clone] = (died.payloads[1] as MeasuredPayload).contestants;
  t.like(clone, { status: 'measured' });
  t.regex((fork as { reason: string }).reason, /^round 1: .*ended by SIGKILL/);
});

test('a signal ends it', async (t) => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const measuring = measure({
    payloads: ['records'],
    sizes: [10_000],
    methods: ['clone', 'fork'],
    signal: controller.signal,
    onProgress: ({ round }) => round === 2 && controller.abort(reason),
  });
  t.is(await t.throwsAsync(measuring), reason);
});

test('every way is there, and those that this machine does not have say why', async (t) => {
  const { payloads } = await measure({ payloads: ['map'], sizes: [2000], rounds: 1, methods: CONTESTANT_NAMES });
  const { contestants } = payloads[1] as MeasuredPayload;
  t.deepEqual(
    contestants.map(({ name }) => name),
    [...CONTESTANT_NAMES],
  );
  for (const contestant of contestants.filter(({ name }) => name.startsWith('python'))) {
    if (contestant.status !== 'measured') t.regex(contestant.reason, /there is no Python 3 here/);
  }
});

test('a budget limits the rounds, and leaves out what would take too long', async (t) => {
  const methods = ['fork', 'clone', 'advanced'] as const;
  const { payloads, budget } = await measure({ payloads: ['records'], sizes: [1000, 20e6], budget: 1500, methods });
  t.is(budget, 1500);
  t.is(payloads.length, 3);
  // How much fits is up to the machine; but what does not says so.
  for (const payload of payloads) {
    if (payload.status !== 'measured') {
      t.regex(payload.reason, /there was no time for it/);
      continue;
    }
    t.is(payload.contestants.length, 3);
    for (const contestant of payload.contestants) {
      if (contestant.status === 'measured') t.true(contestant.usable.values.length <= 10);
      else t.regex(contestant.reason, /^there was no time for it/);
    }
  }
});
