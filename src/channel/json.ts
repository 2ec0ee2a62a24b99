/** Values that JSON gives back exactly as they were, and that are quicker to write so than by what writes everything. */
import { isProxy } from 'node:util/types';

/** Properties and elements, all that is inside included. A larger value gains little. */
const MOST = 64;

let left = 0;
/** Objects within the value: one that occurs twice would come back as two. */
let inside: object[] = [];

/** Whether JSON gives this object or array again, and it is small. */
export function isJson(value: object): boolean {
  left = MOST;
  inside = [];
  return isJsonObject(value);
}

function isJsonObject(value: object): boolean {
  if (isProxy(value) || 'toJSON' in value) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Object.prototype) return hasJsonMembers(value as Record<string, unknown>);
  return prototype === Array.prototype && Array.isArray(value) && hasJsonElements(value);
}

function hasJsonMembers(value: Record<string, unknown>): boolean {
  // One that is inherited is taken for an own one: no harm is done, as then it is a rare value.
  for (const key in value) if (--left < 0 || !isJsonPart(value[key])) return false;
  return true;
}

function hasJsonElements(value: readonly unknown[]): boolean {
  left -= value.length;
  if (left < 0 || Object.keys(value).length !== value.length) return false;
  for (const element of value) if (!isJsonPart(element)) return false;
  return true;
}

function isJsonPart(part: unknown): boolean {
  if (typeof part === 'string' || typeof part === 'boolean' || part === null) return true;
  if (typeof part === 'number') return Number.isFinite(part) && !Object.is(part, -0);
  if (typeof part !== 'object' || inside.includes(part)) return false;
  inside.push(part);
  return isJsonObject(part);
}
