/** The page of one measurement: `zygote measure --html`. */
import type { MeasuredContestant, MeasuredPayload, Measurement } from '../../measure/index.js';
import { growths, lineOf, usable, usableAndRead, type Series } from '../../measure/growth.js';
import { spread, type Summary } from '../../measure/stats.js';
import { LEGEND } from '../measure/closing.js';
import { megabytes, number, numberLike, rate, sizeText, thousands } from '../measure/format.js';
import { headerLines } from '../measure/header.js';
import { titleOf } from '../measure/names.js';
import { answers, crossovers } from '../measure/words.js';
import { COLOURS_IN_WORDS } from './colours.js';
import { escapeText } from './document.js';
import { htmlTable, key, pageOf, paragraphs } from './page.js';
import { PAYERS_IN_WORDS, payersPlot, togetherPlot } from './plots/bars.js';
import { lifePlot } from './plots/life.js';
import { timePlot } from './plots/time.js';

export function measurementPage(measurement: Measurement): string {
  const [title = '', ...about] = headerLines(measurement.environment, measurement);
  const several = growths(measurement).filter(({ payloads }) => payloads.length > 1);
  const measured = measurement.payloads.filter((payload) => payload.status === 'measured');
  const content = [
    `<h1>What it costs to hand data to a child</h1>`,
    paragraphs([title, ...about], 'about'),
    paragraphs(answers(measurement), 'answer'),
    several.length === 0 ? '' : '<h2>As the data grows</h2>',
    several.length === 0 ? '' : key(COLOURS_IN_WORDS),
    several.map((growth) => timePlot(growth)).join('\n'),
    paragraphs(crossovers(measurement)),
    several
      .map(({ kind, payloads, series }) =>
        growthTable(
          kind,
          payloads.map(({ bytes = 0 }) => bytes),
          series,
        ),
      )
      .join('\n'),
    ...measured.map((payload) => payloadSection(payload, isShown(payload, measured))),
    missing(measurement),
    '<h2>What the words mean</h2>',
    `<dl>${LEGEND.map(([term, meaning]) => `<dt>${escapeText(term)}</dt><dd>${escapeText(meaning)}</dd>`).join('')}</dl>`,
  ];
  return pageOf(`zygote measure, ${measurement.environment.date.slice(0, 10)}`, content.join('\n'));
}

function growthTable(kind: string, sizes: readonly number[], series: readonly Series[]): string {
  const head = [
    kind,
    ...sizes.map((bytes) => `${sizeText(bytes)}, ms`),
    'usable: fixed, ms',
    'per MB, ms',
    'and all read: fixed, ms',
    'per MB, ms',
  ];
  const rows = series.map((one) => {
    const lines = [usable, usableAndRead].flatMap((cost) => {
      const line = lineOf(one, cost);
      return line === undefined ? ['–', '–'] : [number(line.fixed), rate(line.perByte * 1e6)];
    });
    const at = sizes.map((bytes) => {
      const point = one.points.find((found) => found.bytes === bytes);
      return point === undefined ? '–' : number(point.contestant.usable.median);
    });
    return [titleOf(one.name), ...at, ...lines];
  });
  return htmlTable(head, rows);
}

/** Plots for the most data of each kind; a table for everything. */
function payloadSection(payload: MeasuredPayload, hasPlots: boolean): string {
  const life = hasPlots ? lifePlot(payload) : undefined;
  const payers = hasPlots || payload.name === 'nothing' ? payersPlot(payload) : undefined;
  const together = hasPlots ? togetherPlot(payload) : undefined;
  return [
    `<h2>${escapeText(payload.title)}</h2>`,
    ...(life === undefined ? [] : [key(COLOURS_IN_WORDS), life]),
    ...(payers === undefined ? [] : [key(PAYERS_IN_WORDS), payers]),
    ...(together === undefined ? [] : [key(COLOURS_IN_WORDS), together]),
    costsTable(payload),
  ].join('\n');
}

/** The last of its kind is the largest; or the last whose children went all the way. */
function isShown(payload: MeasuredPayload, measured: readonly MeasuredPayload[]): boolean {
  const goesFar = ({ contestants }: MeasuredPayload): boolean =>
    contestants.some((contestant) => contestant.status === 'measured' && contestant.memory.write100 !== undefined);
  const ofKind = measured.filter(({ name }) => name === payload.name && name !== 'nothing');
  return payload === (ofKind.findLast(goesFar) ?? ofKind.at(-1));
}

function costsTable({ contestants }: MeasuredPayload): string {
  const head = [
    '',
    'usable, ms',
    'reading, ms',
    'parent blocked, ms',
    'CPU: parent, ms',
    'child, ms',
    'faults',
    'sent, MB',
    'own when read, MB',
    'PSS, MB',
  ];
  const rows = contestants.map((contestant) => {
    const name = titleOf(contestant.name);
    if (contestant.status === 'measured') return [name, ...costsOf(contestant)];
    return [name, `${contestant.status === 'skipped' ? 'not run' : 'FAILED'}: ${contestant.reason}`];
  });
  return htmlTable(head, rows);
}

function costsOf({ usable: until, read, blocked, cpu, memory, wireBytes }: MeasuredContestant): string[] {
  return [
    timeCell(until),
    timeCell(read),
    timeCell(blocked),
    number(cpu.parent.user.median + cpu.parent.system.median),
    number(cpu.child.user.median + cpu.child.system.median),
    thousands(memory.read.faults.median),
    wireBytes === 0 ? '0' : megabytes(wireBytes),
    megabytes(memory.read.privateDirty.median),
    megabytes(memory.read.pss.median),
  ];
}

function timeCell(summary: Summary): string {
  return `${number(summary.median)} ±${numberLike(spread(summary), summary.median)}`;
}

function missing({ payloads }: Measurement): string {
  const reasons = payloads.flatMap((payload) =>
    payload.status === 'measured' ? [] : [`${payload.name}: not measured: ${payload.reason}`],
  );
  return paragraphs(reasons, 'about');
}
