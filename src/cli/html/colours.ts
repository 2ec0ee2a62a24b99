/** How ways look: one colour for each kind of handing over, one shade and dash for whose way it is. */
import { WAYS, type ContestantName } from '../../measure/index.js';

/** A variable of the page's style sheet, which knows light and dark. */
export function colourOf(name: ContestantName): string {
  const { family, handing } = WAYS[name];
  return family === 'python' ? 'var(--python)' : `var(--${handing})`;
}

/** Of a line: ways of this package are solid, Node's own are dashed, Python's are dotted. */
export function dashOf(name: ContestantName): string {
  const { family } = WAYS[name];
  if (family === 'zygote') return 'none';
  return family === 'python' ? '1.5 3' : '5 3';
}

export const COLOURS_IN_WORDS: readonly (readonly [variable: string, meaning: string])[] = [
  ['inherited', 'inherited, copy-on-write'],
  ['serialized', 'serialized'],
  ['shared', 'shared memory'],
  ['python', 'Python'],
];
