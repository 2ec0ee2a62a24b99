/** Random values with everything in them that can travel, with sharing and cycles. */
import { pick } from '../../stress/random.js';
import { api, arrow, Box, double, NotFoundError, Point, Point3, Registry, Stack, Temperature } from './things.js';

const LARGE = 65_536;

/** A value of about `size` objects. Each may occur several times; all but what reducers give may contain itself. */
export function randomGraph(random: () => number, size: number): unknown {
  const below = (limit: number): number => Math.floor(random() * limit);
  /** Objects that may get more into them. */
  const open: ((value: unknown) => unknown)[] = [];
  const made: unknown[] = [];
  const buffer = new ArrayBuffer(LARGE * 2);

  const leaf = (): unknown =>
    pick(
      [
        () => below(100),
        () => random(),
        () => `text ${below(100)}`,
        () => undefined,
        () => null,
        () => random() < 0.5,
        () => BigInt(below(1e9)) ** 3n,
        () => double,
        () => arrow,
        () => Point,
        () => api.users.create,
        () => Math.max,
        () => new Date(below(1e9)),
        () => /a+/g,
        () => Uint16Array.from({ length: below(20) }, () => below(65_536)),
        () => Buffer.from('abc'),
        () => new Float64Array(buffer, 8 * below(100), LARGE / 8).fill(below(5)),
        () => buffer,
        () => new Temperature(below(300)),
        () => JSON.parse('{"__proto__":1,"b":[2]}') as unknown,
      ],
      random,
    )();
  const part = (): unknown => (made.length > 0 && random() < 0.3 ? pick(made, random) : leaf());

  const container = (): unknown => {
    const kind = below(9);
    if (kind === 0) {
      const array: unknown[] = Array.from({ length: below(5) }, part);
      if (random() < 0.2) array.length += 2;
      open.push((value) => array.push(value));
      return array;
    }
    if (kind === 1) {
      const map = new Map<unknown, unknown>(Array.from({ length: below(4) }, () => [part(), part()]));
      open.push((value) => map.set(part(), value));
      return map;
    }
    if (kind === 2) {
      const set = new Set(Array.from({ length: below(4) }, part));
      open.push((value) => set.add(value));
      return set;
    }
    if (kind === 3) {
      const point = Object.assign(new Point3(below(10), below(10)), { self: part() });
      open.push((value) => (point.self = value));
      return point;
    }
    if (kind === 4) {
      const error = new NotFoundError(`/${below(9)}`, part());
      open.push((value) => (error.cause = value));
      return error;
    }
    if (kind === 5) {
      const registry = new Registry([[part(), part()]]);
      open.push((value) => (registry.owner = value));
      return registry;
    }
    if (kind === 6) {
      const stack = Stack.from([part(), part()]) as Stack;
      open.push((value) => stack.push(value));
      return stack;
    }
    // Closed: nothing comes into it later, so that it cannot contain itself.
    if (kind === 7) return new Box([closed(), closed()]);
    const object: Record<string, unknown> = Object.fromEntries(
      Array.from({ length: below(6) }, () => [`k${below(9)}`, part()]),
    );
    open.push((value) => (object[`late${below(9)}`] = value));
    return object;
  };
  const closed = (): unknown => pick([leaf, () => ({ a: leaf(), b: [leaf()] }), () => new Point(1, 2)], random)();

  for (let count = 0; count < size; count++) {
    const value = container();
    made.push(value);
    if (open.length > 0 && random() < 0.8) pick(open, random)(pick(made, random));
  }
  return { made, root: part() };
}
