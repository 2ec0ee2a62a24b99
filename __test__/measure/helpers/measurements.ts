/** Measurements that nobody has made, with round figures. */
import type {
  ContestantMeasurement,
  ContestantName,
  MeasuredPayload,
  Measurement,
  MemorySummary,
  Summary,
} from 'zygote/measure';

export function summary(...values: number[]): Summary {
  const [median = 0, q1 = median, q3 = median] = values;
  return { median, q1, q3, min: q1, max: q3, values: [median] };
}

function memory(rss: number, pss: number, own: number): MemorySummary {
  return { rss: summary(rss * 1e6), pss: summary(pss * 1e6), privateDirty: summary(own * 1e6), faults: summary(1234) };
}

export function measured(
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

export const records: MeasuredPayload = {
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

export const small: MeasuredPayload = {
  ...records,
  title: '22,272 records {id, name, score}',
  bytes: 1_000_000,
  contestants: [
    measured('fork', summary(3), 2, 3, 2),
    measured('clone', summary(40), 2, 5, 6),
    measured('message', summary(1), 2, 1, 6),
  ],
};

export const large: MeasuredPayload = {
  ...records,
  contestants: [...records.contestants, measured('message', summary(900), 150, 330, 210)],
};

export function measurementOf(...payloads: Measurement['payloads']): Measurement {
  return { format: 2, environment, rounds: 10, scale: 1, elapsed: 1000, payloads };
}

const environment: Measurement['environment'] = {
  date: '2026-01-02T03:04:05.678Z',
  zygote: '0.1.0',
  node: '20.20.2',
  v8: '11.3',
  os: 'Linux x64',
  kernel: '6.1',
  arch: 'x64',
  cpu: 'a CPU',
  cpus: 2,
  memory: 8e9,
  load: 0.1,
};

/** Another version of Node, twice as slow with everything. */
export function onNode24(measurement: Measurement): Measurement {
  const copy = structuredClone(measurement);
  copy.environment.node = '24.1.0';
  for (const payload of copy.payloads) {
    if (payload.status !== 'measured') continue;
    for (const contestant of payload.contestants) if (contestant.status === 'measured') contestant.usable.median *= 2;
  }
  return copy;
}
