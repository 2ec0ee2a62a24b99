/** What other processes can import. */
import { registerReducer } from 'zygote';

export function double(value: number): number {
  return value * 2;
}

export const arrow = (): string => 'arrow';

export class Point {
  constructor(
    public x: number,
    public y: number,
  ) {}

  get length(): number {
    return Math.hypot(this.x, this.y);
  }

  static origin(): Point {
    return new Point(0, 0);
  }
}

export class Point3 extends Point {
  z = 3;
  self: unknown;
}

/** Its source contains what looks like private members. */
export class Theme {
  colour = `
    #fff`;
}

export class Account {
  #balance = 5;

  get balance(): number {
    return this.#balance;
  }
}

export class Savings extends Account {
  rate = 1;
}

export class Stack extends Array<unknown> {
  name = 'stack';

  peek(): unknown {
    return this.at(-1);
  }
}

export class Registry extends Map<unknown, unknown> {
  owner: unknown = 'nobody';
}

export class Tags extends Set<unknown> {}

export class Samples extends Float64Array {
  unit = 'm';
}

export class Moment extends Date {}

export class NotFoundError extends Error {
  override name = 'NotFoundError';

  constructor(
    readonly path: string,
    readonly handler?: unknown,
  ) {
    super(`${path} was not found`);
  }
}

/** Travels as a text. */
export class Temperature {
  readonly #kelvin: number;

  constructor(kelvin: number) {
    this.#kelvin = kelvin;
  }

  get kelvin(): number {
    return this.#kelvin;
  }
}

registerReducer(Temperature, {
  reduce: ({ kelvin }) => `${kelvin} K`,
  rebuild: (state: string) => new Temperature(Number.parseFloat(state)),
});

/** Travels with all that is in it. */
export class Box {
  readonly #content: unknown;

  constructor(content: unknown) {
    this.#content = content;
  }

  get content(): unknown {
    return this.#content;
  }
}

registerReducer(Box, {
  reduce: ({ content }) => ({ content, inside: [content] }),
  rebuild: ({ content, inside }: { content: unknown; inside: unknown[] }) => {
    if (inside[0] !== content) throw new Error('not the same');
    return new Box(content);
  },
});

export class SmallBox extends Box {}

export const api = { users: { create: (): string => 'created' } };
