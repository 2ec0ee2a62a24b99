/** Where functions were written. */
import { type Inspector, inspect, type Script } from './inspector.js';

export interface Location extends Script {
  /** From 1. */
  line: number;
  column: number;
}

const scripts = new Map<string, Script>();

/** Undefined for functions that are built in, and in a Node without an inspector. */
export function locationOf(fn: object): Location | undefined {
  return inspect((inspector) => locate(inspector, fn));
}

function locate(inspector: Inspector, fn: object): Location | undefined {
  const position = inspector.position(fn);
  if (!position) return undefined;
  if (!scripts.has(position.scriptId)) {
    for (const [id, script] of inspector.scripts()) scripts.set(id, script);
  }
  const script = scripts.get(position.scriptId);
  return script && { ...script, line: position.line + 1, column: position.column + 1 };
}
