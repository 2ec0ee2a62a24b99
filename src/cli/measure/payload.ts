/** The tables of one payload. */
import {
  STAGES,
  type ContestantMeasurement,
  type MeasuredContestant,
  type MeasuredPayload,
  type PayloadMeasurement,
  type Summary,
} from '../../measure/index.js';
import { spread } from '../../measure/stats.js';
import { megabytes, number, numberLike, times } from './format.js';
import { titles, stageTitles } from './names.js';
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
function rule(title: string, width: number): string {
  return `── ${title} ${'─'.repeat(Math.max(width - title.length - 4, 3))}`;
}

const timeGroups: Group[] = [
  { columns: ['usable, ms', 'ratio'] },
  { columns: ['reading, ms', 'ratio'] },
  { columns: ['parent blocked, ms', 'ratio'] },
  { columns: ['sent, MB'] },
];

function timesTable({ contestants }: MeasuredPayload, width: number): string {
  const measured = contestants.filter((contestant) => contestant.status === 'measured');
  const best = (pick: (contestant: MeasuredContestant) => Summary): number =>
    Math.min(...measured.map((contestant) => pick(contestant).median));
  const bests = {
    usable: best(({ usable }) => usable),
    read: best(({ read }) => read),
    blocked: best(({ blocked }) => blocked),
  };
  return table(
    timeGroups,
    contestants.map((contestant) =>
      rowOf(contestant, ({ usable, read, blocked, wireBytes }) => [
        ...timeCells(usable, bests.usable),
        ...timeCells(read, bests.read),
        ...timeCells(blocked, bests.blocked),
        wireBytes === 0 ? '0' : megabytes(wireBytes),
      ]),
    ),
    width,
  );
}

function timeCells(summary: Summary, best: number): string[] {
  const { median } = summary;
  const ratio = median === best ? 'best' : times(median / best);
  return [`${number(median)} ±${numberLike(spread(summary), median)}`, ratio];
}

function memoryTable({ contestants }: MeasuredPayload, width: number): string {
  const groups = STAGES.map((stage) => ({ title: stageTitles[stage], columns: ['RSS', 'PSS', 'own'] }));
  const rows = contestants
    .filter((contestant) => contestant.status === 'measured')
    .map((contestant) =>
      rowOf(contestant, ({ memory }) =>
        STAGES.flatMap((stage) => {
          const { rss, pss, privateDirty } = memory[stage];
          return [rss, pss, privateDirty].map(({ median }) => megabytes(median));
        }),
      ),
    );
  if (rows.length === 0) return '';
  return `memory of the child, MB\n${table(groups, rows, width)}`;
}

function rowOf(contestant: ContestantMeasurement, cells: (measured: MeasuredContestant) => string[]): Row {
  const name = titles[contestant.name];
  if (contestant.status === 'measured') return { name, cells: cells(contestant) };
  return { name, cells: `${contestant.status === 'skipped' ? 'not run' : 'FAILED'}: ${contestant.reason}` };
}
