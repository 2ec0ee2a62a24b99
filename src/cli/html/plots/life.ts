/** Memory of the child over its life. */
import { STAGES, type MeasuredContestant, type MeasuredPayload } from '../../../measure/index.js';
import { axisX, axisY, dot, gridY, line, text } from '../../../vendor/plot.js';
import { megabytes } from '../../measure/format.js';
import { stageTitles, titleOf } from '../../measure/names.js';
import { colourOf, dashOf } from '../colours.js';
import { figure } from '../draw.js';
import { apart } from '../labels.js';

const HEIGHT = 380;
const MARGINS = { top: 22, bottom: 44, left: 52 } as const;
const RIGHT = { wide: 236, narrow: 150 } as const;
/** On a phone there is no room for more. */
const SHORT: Record<string, string> = {
  start: 'up',
  read: 'read',
  gc: 'GC',
  write1: '1 %',
  write10: '10 %',
  scatter: '1 in 10',
  write100: 'all',
};

export function lifePlot({ title, contestants }: MeasuredPayload): string | undefined {
  const lived = contestants
    .filter((contestant) => contestant.status === 'measured')
    .filter(({ memory }) => STAGES.every((stage) => memory[stage] !== undefined));
  if (lived.length === 0) return undefined;
  const caption = `${title}: memory that the child has for itself, from its start until it has written all of the data`;
  return figure(caption, (width) => {
    const most = Math.max(...lived.flatMap((one) => STAGES.map((stage) => own(one, stage))));
    const domain = [0, most * 1.05] as const;
    const ends = lived.map((one) => own(one, 'write100'));
    const pixels = HEIGHT - MARGINS.top - MARGINS.bottom;
    const places = apart(ends, { domain, isLog: false, pixels });
    const names = lived.map((one, at) => ({ name: one.name, place: places[at] as number, own: ends[at] as number }));
    return {
      height: HEIGHT,
      marginTop: MARGINS.top,
      marginBottom: MARGINS.bottom,
      marginLeft: MARGINS.left,
      marginRight: RIGHT[width],
      x: { type: 'point', domain: [...STAGES], padding: 0.15 },
      y: { domain: [...domain] },
      color: { type: 'identity' },
      marks: [
        gridY({ strokeOpacity: 0.15, ticks: 6 }),
        axisX({
          label: null,
          tickSize: 4,
          tickFormat: (stage: keyof typeof stageTitles) =>
            width === 'wide' ? stageTitles[stage] : (SHORT[stage] ?? stage),
          ...(width === 'narrow' && { tickRotate: -40 }),
        }),
        axisY({ label: 'MB', ticks: 6, tickSize: 4, tickFormat: (bytes: number) => megabytes(bytes) }),
        ...lived.flatMap((one) => {
          const rows = STAGES.map((stage) => ({ stage, own: own(one, stage) }) as const);
          const stroke = colourOf(one.name);
          return [
            line(rows, {
              x: 'stage',
              y: 'own',
              stroke: () => stroke,
              strokeWidth: 2,
              strokeDasharray: dashOf(one.name),
            }),
            dot(rows, {
              x: 'stage',
              y: 'own',
              fill: () => stroke,
              r: 3,
              title: (row: { stage: (typeof STAGES)[number]; own: number }) =>
                `${titleOf(one.name)}\n${stageTitles[row.stage]}: ${megabytes(row.own)} MB`,
            }),
          ];
        }),
        text(names, {
          x: () => 'write100',
          y: 'place',
          dx: 10,
          textAnchor: 'start',
          fill: ({ name }) => colourOf(name),
          text: ({ name, own: bytes }) => `${width === 'wide' ? titleOf(name) : name} ${megabytes(bytes)}`,
        }),
      ],
    };
  });
}

function own({ memory }: MeasuredContestant, stage: (typeof STAGES)[number]): number {
  return memory[stage]?.privateDirty.median ?? 0;
}
