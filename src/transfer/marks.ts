/** Which objects have something special below: those that have to be copied, to put placeholders into the copies. */
import { isAnyArrayBuffer, isMap, isSet } from 'node:util/types';
import { type Scan, SPARSE } from './scan.js';
import { isSmall } from './small.js';

/** Of an object with others in it. */
const State = {
  /** Is being walked: whether there is something special below is not known yet, and taken for granted. */
  open: 1,
  clean: 2,
  marked: 3,
} as const;

type State = (typeof State)[keyof typeof State];

export class Marks {
  readonly #scan: Scan;
  readonly #states = new Map<object, State>();

  constructor(scan: Scan) {
    this.#scan = scan;
  }

  /** Whether the value is something special, or has it below. */
  has(value: unknown): boolean {
    if (typeof value === 'object') return value !== null && this.#object(value);
    if (typeof value !== 'function') return false;
    // A getter may give one that was not there when the value was scanned.
    this.#scan.see(value);
    return true;
  }

  #object(value: object): boolean {
    if (this.#scan.specials.has(value)) return true;
    if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return false;
    if (!isMap(value) && !isSet(value) && isSmall(value)) return false;
    const state = this.#states.get(value);
    if (state !== undefined) return state !== State.clean;
    this.#states.set(value, State.open);
    const marked = this.#below(value);
    this.#states.set(value, marked ? State.marked : State.clean);
    return marked;
  }

  #below(value: object): boolean {
    let marked = false;
    const look = (part: unknown): void => {
      if (this.has(part)) marked = true;
    };
    if (Array.isArray(value) && value.length <= SPARSE) {
      for (let index = 0; index < value.length; index++) look(value[index]);
    } else if (isMap(value)) {
      Map.prototype.forEach.call(value, (entry, key) => {
        look(key);
        look(entry);
      });
    } else if (isSet(value)) Set.prototype.forEach.call(value, (element) => look(element));
    else for (const key of Object.keys(value)) look((value as Record<string, unknown>)[key]);
    return marked;
  }
}
