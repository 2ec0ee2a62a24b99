/** Time against size, both on logarithmic axes. */
import type { Growth, Series } from '../../../measure/growth.js';
import { axisX, axisY, dot, gridY, line, link, text } from '../../../vendor/plot.js';
import { number, rate, sizeText } from '../../measure/format.js';
import { titleOf } from '../../measure/names.js';
import { colourOf, dashOf } from '../colours.js';
import { figure, type Width } from '../draw.js';
import { apart } from '../labels.js';
import { decades } from '../ticks.js';

const HEIGHT = { wide: 460, narrow: 420 } as const;
const MARGINS = { top: 22, bottom: 40, left: 52 } as const;
/** For the names at the ends of the lines. */
const RIGHT = { wide: 236, narrow: 150 } as const;

export function timePlot({ kind, payloads, series }: Growth): string {
  const caption = `${kind}: time until the child can use the data, against the size of the data when it is serialized`;
  return figure(caption, (width) => {
    const sizes = payloads.map(({ bytes = 0 }) => bytes);
    const lines = series.map((one) => ({ ...one, points: one.points.filter(({ bytes }) => bytes > 0) }));
    const times = lines.flatMap(({ points }) => points.map(({ contestant }) => contestant.usable.median));
    const domain = [Math.min(...times) * 0.8, Math.max(...times) * 1.25] as const;
    const height = HEIGHT[width];
    const largest = Math.max(...sizes);
    return {
      height,
      marginTop: MARGINS.top,
      marginBottom: MARGINS.bottom,
      marginLeft: MARGINS.left,
      marginRight: RIGHT[width],
      x: { type: 'log', domain: [Math.min(...sizes), largest] },
      y: { type: 'log', domain: [...domain] },
      color: { type: 'identity' },
      marks: [
        gridY(decades(domain), { strokeOpacity: 0.2 }),
        axisX(spaced(sizes), { label: 'size of the data', text: sizeText, tickSize: 4 }),
        axisY(decades(domain), { label: 'ms', text: rate, tickSize: 4 }),
        ...lines.flatMap((one) => marksOf(one)),
        ...names(lines, largest, { domain, height, width }),
      ],
    };
  });
}

function marksOf({ name, points }: Series): ReturnType<typeof line>[] {
  const rows = points.map(({ bytes, contestant }) => ({ bytes, ms: contestant.usable.median }));
  const stroke = colourOf(name);
  const title = (row: { bytes: number; ms: number }): string =>
    `${titleOf(name)}\n${sizeText(row.bytes)}: ${number(row.ms)} ms`;
  return [
    line(rows, { x: 'bytes', y: 'ms', stroke: () => stroke, strokeWidth: 2, strokeDasharray: dashOf(name) }),
    dot(rows, { x: 'bytes', y: 'ms', fill: () => stroke, r: 3.5, title }),
  ];
}

function names(
  lines: readonly Series[],
  largest: number,
  { domain, height, width }: { domain: readonly [number, number]; height: number; width: Width },
): ReturnType<typeof line>[] {
  const ends = lines.map(({ name, points }) => {
    const last = points.at(-1);
    return { name, bytes: last?.bytes ?? largest, ms: last?.contestant.usable.median ?? 1 };
  });
  const pixels = height - MARGINS.top - MARGINS.bottom;
  const places = apart(
    ends.map(({ ms }) => ms),
    { domain, isLog: true, pixels },
  );
  const rows = ends.map(({ name, bytes, ms }, at) => ({ name, bytes, ms, place: places[at] as number, largest }));
  const fill = ({ name }: { name: Series['name'] }): string => colourOf(name);
  return [
    link(rows, {
      x1: 'bytes',
      y1: 'ms',
      x2: 'largest',
      y2: 'place',
      stroke: fill,
      strokeOpacity: 0.35,
      strokeDasharray: '1 2',
    }),
    text(rows, {
      x: 'largest',
      y: 'place',
      dx: 8,
      textAnchor: 'start',
      fill,
      text: ({ name, ms }) => (width === 'wide' ? `${titleOf(name)} ${number(ms)}` : `${name} ${number(ms)}`),
    }),
  ];
}

/** Without those that are too close to the one before to be written beside it. */
function spaced(sizes: readonly number[]): number[] {
  return sizes.filter((size, at) => at === 0 || size > 1.8 * (sizes[at - 1] as number));
}
