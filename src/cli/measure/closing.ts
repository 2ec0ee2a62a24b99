import type { Measurement } from '../../measure/index.js';
import { minutes } from './format.js';
import { wrap } from './table.js';
import { conclusions } from './words.js';

const LEGEND = [
  'usable: from the decision of the parent, before there is a child, until the child has used its size and one element.',
  'reading: every number, character and byte, once. A fork inherits compiled code and strings that the parent has read before.',
  'parent blocked: its event loop was busy and served nobody else, between the decision and the hand-over.',
  'sent: bytes that were serialized, copied and deserialized.',
  '±: half of the interquartile range. ratio: to the smallest median in the column.',
  'own: pages that the child has for itself because it has written them (private, dirty). PSS: a page that two map counts half.',
  'Worker: what the process grew by; there is no other process. all read, full GC, …: each after the one before.',
  '10 % written: the first tenth of all values, in one run. each 10th written: spread over all pages, the worst case for a fork.',
  'Before each turn the parent does a full GC, off the clock ("full GC" beside its size). prepareHeap does one on the clock.',
  'The data was in a SharedArrayBuffer before its turn began.',
];

/** What the columns mean, what the figures say, and how long it took. */
export function closingText(measurement: Measurement, width: number): string {
  const legend = LEGEND.flatMap((line) => indented(line, width));
  const said = conclusions(measurement).flatMap((line) => [...wrap(line, width), '']);
  return `\n${[...legend, '', ...said, `measured in ${minutes(measurement.elapsed)} minutes`].join('\n')}\n`;
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - 2).map((line, at) => (at === 0 ? line : `  ${line}`));
}
