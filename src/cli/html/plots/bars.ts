/** Bars, one for each way. */
import type { ContestantName, MeasuredContestant, MeasuredPayload } from '../../../measure/index.js';
import { axisX, axisY, barX, gridX, ruleX, text, tickX } from '../../../vendor/plot.js';
import { megabytes, number } from '../../measure/format.js';
import { titleOf } from '../../measure/names.js';
import { colourOf } from '../colours.js';
import { figure, type Width } from '../draw.js';

const ROW = 24;
const LEFT = { wide: 220, narrow: 140 } as const;

interface Part {
  name: ContestantName;
  value: number;
  colour: string;
  title: string;
}

/** CPU time of the parent, of the child, and of the kernel on their behalf; and how long the parent was blocked. */
export function payersPlot({ title, contestants }: MeasuredPayload): string | undefined {
  const measured = contestants.filter((contestant) => contestant.status === 'measured');
  if (measured.length === 0) return undefined;
  const parts = measured.flatMap((one) => payersOf(one));
  const caption = `${title}: who pays, in ms of CPU time until the data is usable; the mark is how long the parent was blocked`;
  return figure(caption, (width) =>
    bars(
      measured.map(({ name }) => name),
      parts,
      width,
      'ms',
      number,
      measured.map(({ name, blocked }) => ({ name, value: blocked.median })),
    ),
  );
}

function payersOf({ name, cpu }: MeasuredContestant): Part[] {
  const { parent, child } = cpu;
  const kernel = parent.system.median + child.system.median;
  return [
    { name, value: parent.user.median, colour: 'var(--parent)', title: `the parent: ${number(parent.user.median)} ms` },
    { name, value: child.user.median, colour: 'var(--child)', title: `the child: ${number(child.user.median)} ms` },
    { name, value: kernel, colour: 'var(--kernel)', title: `the kernel: ${number(kernel)} ms` },
  ];
}

export const PAYERS_IN_WORDS: readonly (readonly [variable: string, meaning: string])[] = [
  ['parent', 'the parent'],
  ['child', 'the child'],
  ['kernel', 'the kernel, for both'],
];

/** What several children at once take. */
export function togetherPlot({ title, contestants }: MeasuredPayload): string | undefined {
  const measured = contestants
    .filter((contestant) => contestant.status === 'measured')
    .flatMap(({ name, together }) => (together === undefined ? [] : [{ name, together }]));
  const [first] = measured;
  if (first === undefined) return undefined;
  const parts = measured.map(({ name, together }): Part => {
    const value = Math.max(together.memory.pss.median, 0);
    return { name, value, colour: colourOf(name), title: `${megabytes(value)} MB` };
  });
  const caption = `${title}: memory that ${first.together.children} children take that have all read the data, in MB (PSS; what the parent had is not in it)`;
  return figure(caption, (width) =>
    bars(
      measured.map(({ name }) => name),
      parts,
      width,
      'MB',
      megabytes,
    ),
  );
}

function bars(
  names: readonly ContestantName[],
  parts: readonly Part[],
  width: Width,
  unit: string,
  format: (value: number) => string,
  marked: readonly { name: ContestantName; value: number }[] = [],
): Parameters<typeof figure>[1] extends (width: Width) => infer Options ? Options : never {
  const sums = names.map((name) => ({
    name,
    value: parts.filter((part) => part.name === name).reduce((sum, part) => sum + part.value, 0),
  }));
  const most = Math.max(...sums.map(({ value }) => value), ...marked.map(({ value }) => value));
  return {
    height: names.length * ROW + 60,
    marginLeft: LEFT[width],
    marginRight: 52,
    marginTop: 8,
    marginBottom: 36,
    x: { domain: [0, most] },
    y: { domain: [...names], padding: 0.25 },
    color: { type: 'identity' },
    marks: [
      gridX({ strokeOpacity: 0.15, ticks: 5 }),
      axisX({
        label: unit,
        ticks: width === 'wide' ? 8 : 3,
        tickSize: 4,
        tickFormat: (value: number) => (unit === 'MB' ? value / 1e6 : value).toLocaleString('en-US'),
      }),
      axisY({
        label: null,
        tickSize: 0,
        tickFormat: (name: ContestantName) => (width === 'wide' ? titleOf(name) : name),
      }),
      barX(parts, { x: 'value', y: 'name', fill: 'colour', title: 'title' }),
      ...(marked.length > 0 ? [tickX(marked, { x: 'value', y: 'name', stroke: 'var(--text)', strokeWidth: 2 })] : []),
      text(sums, {
        x: 'value',
        y: 'name',
        dx: 6,
        textAnchor: 'start',
        fill: () => 'var(--text)',
        text: ({ value }) => format(value),
      }),
      ruleX([0], { strokeOpacity: 0.4 }),
    ],
  };
}
