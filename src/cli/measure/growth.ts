/** The tables of how costs grow with the data. */
import type { Measurement } from '../../measure/index.js';
import { growths, lineOf, usable, usableAndRead, type Growth, type Series } from '../../measure/growth.js';
import { number, rate, sizeText } from './format.js';
import { titleOf } from './names.js';
import { rule } from './payload.js';
import { table } from './table.js';

/** Of each kind of data of which several sizes were measured. */
export function growthText(measurement: Measurement, width: number): string {
  const several = growths(measurement).filter(({ payloads }) => payloads.length > 1);
  return several
    .map((growth) => `\n${rule(`${growth.kind}: growth`, width)}\n${growthTable(growth, width)}\n`)
    .join('');
}

function growthTable({ payloads, series }: Growth, width: number): string {
  const sizes = payloads.map(({ bytes = 0 }) => bytes);
  const lineColumns = ['fixed, ms', 'ms per MB'];
  const groups = [
    { title: 'usable after, ms', columns: sizes.map(sizeText) },
    { title: 'usable', columns: lineColumns },
    { title: 'usable and all read', columns: lineColumns },
  ];
  const rows = series.map((one) => ({
    name: titleOf(one.name),
    cells: [...sizes.map((bytes) => at(one, bytes)), ...lineCells(one, usable), ...lineCells(one, usableAndRead)],
  }));
  return table(groups, rows, width);
}

function at({ points }: Series, bytes: number): string {
  const point = points.find((one) => one.bytes === bytes);
  return point === undefined ? '–' : number(point.contestant.usable.median);
}

function lineCells(series: Series, cost: typeof usable): string[] {
  const line = lineOf(series, cost);
  return line === undefined ? ['–', '–'] : [number(line.fixed), rate(line.perByte * 1e6)];
}
