import type { Measurement } from '../../measure/index.js';
import { minutes } from './format.js';
import { wrap } from './table.js';
import { growthText } from './growth.js';
import { answers, crossovers } from './words.js';

export const LEGEND: readonly (readonly [string, string])[] = [
  [
    'usable',
    'from the decision of the parent, when there is no child yet (unless it is a running one), until the child has used the data: its size, and one element',
  ],
  [
    'reading',
    'every number, every character, every byte, once; a fork has the code compiled that its parent has run before',
  ],
  ['parent blocked', 'its event loop was busy with the hand-over and served nobody else; of Python, its call of start'],
  ['CPU', 'of all threads of the parent, and of the child from its beginning, until the data was usable'],
  ['faults', 'page faults of the child until all was read: pages that it touched first, or that were copied for it'],
  ['sent', 'bytes that were serialized, copied and deserialized'],
  ['±, ratio', 'half of the interquartile range; to the smallest median of the column'],
  ['PSS', 'a page that two processes map counts half for each'],
  ['own', 'pages that the child has for itself because it has written them: private and dirty'],
  ['Worker', 'its memory is what the process grew by; the data was in a SharedArrayBuffer before its turn began'],
  ['1 %, 10 %, 100 %', 'after the child has also written so much of the values, in one run'],
  ['each 10th', 'after every tenth value was written, spread over all pages: the worst case for a fork'],
  ['together', 'children that have all read the data: what they and their parent have more than the parent had alone'],
  ['prepareHeap', 'a full GC right before the fork; every parent has one before its turn too, but off the clock'],
];

/** What the columns mean, how the costs grow, how long it took, and what it says. */
export function closingText(measurement: Measurement, width: number): string {
  const paragraph = (text: string): string => `${wrap(text, width).join('\n')}\n`;
  return [
    growthText(measurement, width),
    ...legend(width),
    '',
    `measured in ${minutes(measurement.elapsed)} minutes`,
    '',
    ...crossovers(measurement).map(paragraph),
    ...answers(measurement).map(paragraph),
  ].join('\n');
}

function legend(width: number): string[] {
  const indent = Math.max(...LEGEND.map(([term]) => term.length)) + 2;
  return LEGEND.flatMap(([term, meaning]) =>
    wrap(meaning, width - indent).map((line, at) => (at === 0 ? term : '').padEnd(indent) + line),
  );
}
