/** The page of several measurements: `zygote report a.json b.json --html`. */
import { megabytes, number } from '../measure/format.js';
import { headerLines } from '../measure/header.js';
import { titleOf } from '../measure/names.js';
import { answers } from '../measure/words.js';
import { COMPARED, comparedPayloads, type Compared, type Labelled } from '../report/comparison.js';
import { escapeText } from './document.js';
import { htmlTable, key, pageOf, paragraphs } from './page.js';
import { comparisonPlot, fileVariable } from './plots/compare.js';

export function comparisonPage(files: readonly Labelled[]): string {
  const compared = comparedPayloads(files.map(({ measurement }) => measurement));
  const content = [
    '<h1>What it costs to hand data to a child, compared</h1>',
    key(files.map(({ label }, at) => [fileVariable(at), label] as const)),
    ...files.map(({ label, measurement }) => {
      const [, ...about] = headerLines(measurement.environment, measurement);
      return `<h3>${escapeText(label)}</h3>${paragraphs(about, 'about')}${paragraphs(answers(measurement))}`;
    }),
    ...compared.flatMap((one) => [
      `<h2>${escapeText(one.title)}</h2>`,
      key(files.map(({ label }, at) => [fileVariable(at), label] as const)),
      comparisonPlot(one, files),
      ...tables(one, files),
    ]),
    compared.length === 0 ? paragraphs(['They have no payload of the same kind and size in common.']) : '',
  ];
  return pageOf('zygote report', content.join('\n'));
}

function tables({ rows }: Compared, files: readonly Labelled[]): string[] {
  return COMPARED.map(({ title, unit, pick }) =>
    htmlTable(
      [title, ...files.map(({ label }) => label)],
      rows.map(({ name, cells }) => [
        titleOf(name),
        ...cells.map((contestant) => {
          if (contestant === undefined) return '–';
          return unit === 'MB' ? megabytes(pick(contestant)) : number(pick(contestant));
        }),
      ]),
    ),
  );
}
