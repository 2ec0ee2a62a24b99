import type { Measurement } from '../../measure/index.js';
import { minutes } from './format.js';
import { wrap } from './table.js';
import { conclusions } from './words.js';

const LEGEND: readonly (readonly [string, string])[] = [
  [
    'usable',
    'from the decision of the parent, when there is no child yet, until the child has used the data: its size, and one element',
  ],
  [
    'reading',
    'every number, every character, every byte, once; a fork has the code compiled that its parent has run before',
  ],
  ['parent blocked', 'its event loop was busy with the hand-over and served nobody else'],
  ['sent', 'bytes that were serialized, copied and deserialized'],
  ['±, ratio', 'half of the interquartile range; to the smallest median of the column'],
  ['PSS', 'a page that two processes map counts half for each'],
  ['own', 'pages that the child has for itself because it has written them: private and dirty'],
  ['Worker', 'its memory is what the process grew by; the data was in a SharedArrayBuffer before its turn began'],
  ['all read, full GC, …', 'after the child has also done this'],
  ['10 % written', 'the first tenth of the values, in one run'],
  ['each 10th', 'after every tenth value was written, spread over all pages: the worst case for a fork'],
  ['prepareHeap', 'a full GC right before the fork; every parent has one before its turn too, but off the clock'],
];

/** What the columns mean, what the figures say, and how long it took. */
export function closingText(measurement: Measurement, width: number): string {
  const said = conclusions(measurement).map((sentence) => `${wrap(sentence, width).join('\n')}\n`);
  return ['', ...legend(width), '', ...said, `measured in ${minutes(measurement.elapsed)} minutes`, ''].join('\n');
}

function legend(width: number): string[] {
  const indent = Math.max(...LEGEND.map(([term]) => term.length)) + 2;
  return LEGEND.flatMap(([term, meaning]) =>
    wrap(meaning, width - indent).map((line, at) => (at === 0 ? term : '').padEnd(indent) + line),
  );
}
