/** Data of a few properties, of which there may be very many: quicker looked at than remembered. */

/** Properties and elements up to which a value is small, all that is in it included. */
const MOST = 16;

/** How many more the value that is being looked at may have. */
let left = 0;

/** Whether an object has nothing but primitives in it, and plain objects and arrays of such, and that not many. */
export function isSmall(value: object): boolean {
  left = MOST;
  return Array.isArray(value) ? hasSmallElements(value) : hasSmallMembers(value);
}

function hasSmallMembers(value: object): boolean {
  // What is inherited is looked at as well: it makes an object larger than it is, which does no harm.
  for (const key in value) if (--left < 0 || !isSmallPart((value as Record<string, unknown>)[key])) return false;
  return true;
}

function hasSmallElements(value: readonly unknown[]): boolean {
  left -= value.length;
  if (left < 0) return false;
  for (let index = 0; index < value.length; index++) if (!isSmallPart(value[index])) return false;
  return true;
}

function isSmallPart(part: unknown): boolean {
  if (typeof part !== 'object') return typeof part !== 'function' && typeof part !== 'symbol';
  if (part === null) return true;
  const prototype = Object.getPrototypeOf(part) as unknown;
  if (prototype === Object.prototype) return hasSmallMembers(part);
  return prototype === Array.prototype && Array.isArray(part) && hasSmallElements(part);
}
