/** A dot for each way in each measurement. */
import type { ContestantName } from '../../../measure/index.js';
import { axisX, axisY, dot, gridX, gridY } from '../../../vendor/plot.js';
import { number, rate } from '../../measure/format.js';
import { titleOf } from '../../measure/names.js';
import type { Compared, Labelled } from '../../report/comparison.js';
import { figure } from '../draw.js';
import { decades } from '../ticks.js';

const ROW = 26;
const LEFT = { wide: 220, narrow: 140 } as const;

/** Variables of the page's style sheet; further files begin again. */
const FILE_COLOURS = 6;

export function fileVariable(at: number): string {
  return `file${at % FILE_COLOURS}`;
}

export function comparisonPlot({ title, rows }: Compared, files: readonly Labelled[]): string {
  const dots = rows.flatMap(({ name, cells }) =>
    cells.flatMap((contestant, at) => {
      if (contestant === undefined) return [];
      const ms = contestant.usable.median;
      const said = `${titleOf(name)}\n${files[at]?.label}: ${number(ms)} ms`;
      return [{ name, ms, fill: `var(--${fileVariable(at)})`, said }];
    }),
  );
  const times = dots.map(({ ms }) => ms);
  const domain = [Math.min(...times) * 0.8, Math.max(...times) * 1.25] as const;
  return figure(`${title}: time until the child can use the data, in ms`, (width) => ({
    height: rows.length * ROW + 56,
    marginLeft: LEFT[width],
    marginRight: 20,
    marginTop: 8,
    marginBottom: 36,
    x: { type: 'log', domain: [...domain] },
    y: { type: 'point', domain: rows.map(({ name }) => name), padding: 0.5 },
    color: { type: 'identity' },
    marks: [
      gridX(decades(domain), { strokeOpacity: 0.2 }),
      gridY({ strokeOpacity: 0.15 }),
      axisX(decades(domain), { label: 'ms', text: rate, tickSize: 4 }),
      axisY({
        label: null,
        tickSize: 0,
        tickFormat: (name: ContestantName) => (width === 'wide' ? titleOf(name) : name),
      }),
      dot(dots, { x: 'ms', y: 'name', fill: 'fill', fillOpacity: 0.85, r: 5, title: 'said' }),
    ],
  }));
}
