/** What `zygote report` prints. */
import { closingText } from '../measure/closing.js';
import { megabytes, number } from '../measure/format.js';
import { headerText } from '../measure/header.js';
import { titleOf } from '../measure/names.js';
import { payloadText, rule } from '../measure/payload.js';
import { table, wrap } from '../measure/table.js';
import { answers } from '../measure/words.js';
import { COMPARED, comparedPayloads, type Compared, type Labelled } from './comparison.js';

/** One measurement as `zygote measure` prints it; several side by side. */
export function reportText(files: readonly Labelled[], width: number): string {
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    const { measurement } = only;
    const payloads = measurement.payloads.map((payload) => payloadText(payload, width)).join('');
    return headerText(measurement.environment, measurement, width) + payloads + closingText(measurement, width);
  }
  const compared = comparedPayloads(files.map(({ measurement }) => measurement));
  const parts = [
    ...files.map(({ label, measurement }, at) =>
      [`${letter(at)}: ${label}`, headerText(measurement.environment, measurement, width)].join('\n'),
    ),
    ...compared.map((one) => comparedText(one, files.length, width)),
    ...(compared.length === 0 ? ['They have no payload of the same kind and size in common.\n'] : []),
    ...files.map(({ measurement }, at) =>
      answers(measurement)
        .map((sentence) => `${wrap(`${letter(at)}: ${sentence}`, width).join('\n')}\n`)
        .join('\n'),
    ),
  ];
  return parts.join('\n');
}

function comparedText({ title, rows }: Compared, files: number, width: number): string {
  const letters = Array.from({ length: files }, (_, at) => letter(at));
  const groups = COMPARED.map((one) => ({ title: one.title, columns: letters }));
  const cells = rows.map(({ name, cells: each }) => ({
    name: titleOf(name),
    cells: COMPARED.flatMap(({ pick, unit }) =>
      each.map((contestant) => {
        if (contestant === undefined) return '–';
        return unit === 'MB' ? megabytes(pick(contestant)) : number(pick(contestant));
      }),
    ),
  }));
  return `${rule(title, width)}\n${table(groups, cells, width)}\n`;
}

/** A, B, C: of a file in the columns of a table. */
export function letter(at: number): string {
  return String.fromCodePoint('A'.codePointAt(0)! + at);
}
