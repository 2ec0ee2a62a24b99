/** The tables of one payload. */
import {
  type ContestantMeasurement,
  type MeasuredContestant,
  type MeasuredPayload,
  type PayloadMeasurement,
  type Stage,
  type Summary,
} from '../../measure/index.js';
import { spread } from '../../measure/stats.js';
import { megabytes, number, numberLike, thousands, times } from './format.js';
import { stageTitles, titleOf } from './names.js';
import { table, wrap, type Group, type Row } from './table.js';

export function payloadText(payload: PayloadMeasurement, width: number): string {
  if (payload.status !== 'measured') {
    const what = payload.status === 'failed' ? 'could not be measured' : 'not measured';
    return `\n${wrap(`${payload.name}: ${what}: ${payload.reason}`, width).join('\n')}\n`;
  }
  const { title, parent } = payload;
  const about = [
    `parent: RSS ${megabytes(parent.memory.rss)} MB`,
    `V8 heap ${megabytes(parent.heapUsed)} MB`,
    `outside of it ${megabytes(parent.external)} MB`,
  ].join(', ');
  return `\n${[rule(title, width), about, '', timesTable(payload, width), '', memoryTable(payload, width)].join('\n')}\n`;
}

/** A line that shows where the next part begins. */
export function rule(title: string, width: number): string {
  return `── ${title} ${'─'.repeat(Math.max(width - title.length - 4, 3))}`;
}

const timeGroups: Group[] = [
  { columns: ['usable, ms', 'ratio'] },
  { columns: ['reading, ms'] },
  { columns: ['parent blocked, ms'] },
  { title: 'CPU, ms', columns: ['parent', 'child'] },
  { columns: ['faults'] },
  { columns: ['sent, MB'] },
];

function timesTable({ contestants }: MeasuredPayload, width: number): string {
  const measured = contestants.filter((contestant) => contestant.status === 'measured');
  const best = Math.min(...measured.map(({ usable }) => usable.median));
  return table(
    timeGroups,
    contestants.map((contestant) =>
      rowOf(contestant, ({ usable, read, blocked, cpu, memory, wireBytes }) => [
        timeCell(usable),
        usable.median === best ? 'best' : times(usable.median / best),
        timeCell(read),
        timeCell(blocked),
        number(cpu.parent.user.median + cpu.parent.system.median),
        number(cpu.child.user.median + cpu.child.system.median),
        thousands(memory.read.faults.median),
        wireBytes === 0 ? '0' : megabytes(wireBytes),
      ]),
    ),
    width,
  );
}

function timeCell(summary: Summary): string {
  const { median } = summary;
  return `${number(median)} ±${numberLike(spread(summary), median)}`;
}

const WRITING: readonly Stage[] = ['write1', 'write10', 'scatter', 'write100'];

function memoryTable({ contestants }: MeasuredPayload, width: number): string {
  const measured = contestants.filter((contestant) => contestant.status === 'measured');
  if (measured.length === 0) return '';
  const together = measured.find((one) => one.together !== undefined)?.together;
  const groups = [
    { title: 'data usable', columns: ['RSS', 'PSS', 'own'] },
    { title: 'all read', columns: ['RSS', 'PSS', 'own'] },
    { title: 'own after', columns: [stageTitles.gc] },
    { title: 'own after writing', columns: WRITING.map((stage) => stageTitles[stage]) },
    ...(together ? [{ title: `${together.children} together`, columns: ['PSS', 'usable, ms'] }] : []),
  ];
  const rows = measured.map((contestant) =>
    rowOf(contestant, (one) => [
      ...(['start', 'read'] as const).flatMap((stage) => {
        const { rss, pss, privateDirty } = one.memory[stage];
        return [rss, pss, privateDirty].map(({ median }) => megabytes(median));
      }),
      ...(['gc', ...WRITING] as const).map((stage) => {
        const sample = one.memory[stage];
        return sample === undefined ? '–' : megabytes(sample.privateDirty.median);
      }),
      ...(together ? togetherCells(one) : []),
    ]),
  );
  return `memory of the child, MB\n${table(groups, rows, width)}`;
}

function togetherCells({ together }: MeasuredContestant): string[] {
  if (together === undefined) return ['–', '–'];
  return [megabytes(together.memory.pss.median), number(together.usable.median)];
}

function rowOf(contestant: ContestantMeasurement, cells: (measured: MeasuredContestant) => string[]): Row {
  const name = titleOf(contestant.name);
  if (contestant.status === 'measured') return { name, cells: cells(contestant) };
  return { name, cells: `${contestant.status === 'skipped' ? 'not run' : 'FAILED'}: ${contestant.reason}` };
}
