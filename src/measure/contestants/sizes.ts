/** How many bytes data makes when it is serialized; or why it cannot be. */
import { serialize } from 'node:v8';
import type { Inspection } from '../values/inspect.js';
import type { Fitness } from './contestant.js';

/** What Workers, and child processes with `serialization: 'advanced'`, use. */
export function clonedSize(data: unknown): Fitness {
  return fitness('structured clone cannot carry it', () => serialize(data).byteLength);
}

export function jsonSize(data: unknown, { notJson }: Inspection): Fitness {
  if (notJson !== undefined) return { obstacle: `JSON cannot carry it: ${notJson}` };
  return fitness('JSON cannot carry it', () => Buffer.byteLength(JSON.stringify(data)));
}

export function fitness(failure: string, size: () => number): Fitness {
  try {
    return { wireBytes: size() };
  } catch (error) {
    return { obstacle: `${failure}: ${error instanceof Error ? error.message : String(error)}` };
  }
}
