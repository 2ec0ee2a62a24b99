/** What becomes of the results of a map: all at once, or one by one. */
import { Mapping, type Plan } from './mapping.js';

type Input = Iterable<unknown> | AsyncIterable<unknown>;

/** All results, in the order of the items. `onStart` is given a function that ends it. */
export function collect(
  plan: Plan,
  input: Input,
  onStart: (stop: (error: unknown) => void) => void,
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const all: unknown[] = [];
    let count = 0;
    let total = Infinity;
    const stop = (error: unknown, force: boolean): void => {
      reject(error);
      mapping.stop(error, force);
    };
    const settle = (): void => {
      if (count === total) resolve(all);
    };
    const mapping = new Mapping(plan, Array.isArray(input) ? [...(input as unknown[])] : input, {
      results: (place, values) => {
        for (let index = 0; index < values.length; index++) all[place + index] = values[index];
        count += values.length;
        settle();
      },
      failed: (_, error) => stop(error, false),
      inputEnded: (items) => {
        total = items;
        settle();
      },
    });
    onStart((error) => stop(error, true));
    mapping.pull();
  });
}

/** The results one by one, in the order of the items or as they come. Nothing is taken from the input before it is asked for. */
export async function* stream(
  plan: Plan,
  input: Input,
  isOrdered: boolean,
  onStart: (stop: (error: unknown) => void) => void,
): AsyncGenerator<unknown, void, undefined> {
  /** By the place of the first item, which for those that are not to be ordered says nothing. */
  const there = new Map<number, { values: unknown[] } | { error: unknown }>();
  const come: number[] = [];
  let total = Infinity;
  const stopped: { error: unknown }[] = [];
  let wake = (): void => {};
  const mapping = new Mapping(plan, input, {
    results: (place, values) => {
      there.set(place, { values });
      come.push(place);
      wake();
    },
    failed: (place, error) => {
      there.set(place, { error });
      come.push(place);
      wake();
    },
    inputEnded: (items) => {
      total = items;
      wake();
    },
  });
  onStart((error) => {
    stopped.push({ error });
    mapping.stop(error, true);
    wake();
  });
  const assertGoing = (): void => {
    for (const { error } of stopped) throw error;
  };
  let given = 0;
  try {
    mapping.pull();
    while (given < total) {
      assertGoing();
      const place = isOrdered ? given : come[0];
      const found = place === undefined ? undefined : there.get(place);
      if (place === undefined || !found) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      there.delete(place);
      if (!isOrdered) come.shift();
      if ('error' in found) throw found.error;
      for (const value of found.values) {
        given++;
        mapping.use(1);
        yield value;
        assertGoing();
      }
    }
  } finally {
    mapping.stop(new Error('nobody wants the results any more'), false);
  }
}
